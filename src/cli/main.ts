#!/usr/bin/env node
/** The `pellucid` program: runs the command line of this process in its terminal. */
import { run, unexpected } from './run.ts'
import { openTerminal } from './terminal.ts'

const argv = process.argv.slice(2)
process.on('uncaughtException', (error) => {
  process.stderr.write(`${argv.includes('--debug') ? error.stack : unexpected(error)}\n`)
  process.exit(1)
})
process.exitCode = await run(argv, openTerminal())
