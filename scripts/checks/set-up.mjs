/** What the set-up promises: a complete node_modules, of the size it announced, and no script that npm would run by itself. */
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesUnder } from '../build.mjs'
import { whyInstall } from '../install.mjs'
import { root } from '../process.mjs'

/** Scripts that npm runs on its own, now or on a user's machine; `ignore-scripts` switches them off, so nothing may depend on one. */
const automatic = /^(pre|post)|^(install|prepare|prepack|dependencies)$/

export const setUp = {
  name: 'set-up',
  about: 'node_modules is what the set-up announced',
  run: (report) => {
    const reason = whyInstall()
    if (reason) report.fail('node_modules', `does not match package-lock.json: ${reason}`)
    else report.pass()

    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const automaticScripts = Object.keys(scripts).filter((name) => automatic.test(name))
    if (automaticScripts.length > 0)
      report.fail('package.json', `npm runs these by itself: ${automaticScripts.join(', ')}`)
    else report.pass()

    const { diskMB } = JSON.parse(readFileSync(join(root, 'test/budgets.json'), 'utf8')).install
    const folder = join(root, 'node_modules')
    const bytes = filesUnder(folder).reduce((sum, file) => sum + lstatSync(join(folder, file)).size, 0)
    const megabytes = Math.round(bytes / 1e6)
    if (Math.abs(megabytes / diskMB - 1) <= 0.25) report.pass()
    else report.fail('size', `node_modules holds ${megabytes} MB; test/budgets.json announces ${diskMB} MB`)
  },
}
