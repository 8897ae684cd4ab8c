/** The checks of `npm test`, in the order they run: quick ones first. Each is { name, about, run(report) }. */
import { docs } from './docs.mjs'
import { licenses } from './licenses.mjs'
import { packageCheck } from './package.mjs'
import { packed } from './packed.mjs'
import { setUp } from './set-up.mjs'
import { architecture, unit } from './tests.mjs'
import { build, lint, types } from './tools.mjs'

export const checks = [lint, types, architecture, licenses, setUp, build, packed, unit, docs, packageCheck]
