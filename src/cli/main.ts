#!/usr/bin/env node
/** The `pellucid` program: runs the command line of this process in its terminal. */
import { run } from './run.ts'
import { openTerminal } from './terminal.ts'

for (const stream of [process.stdout, process.stderr])
  stream.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that closes the pipe (`| head -1`) has seen enough.
    if (error.code === 'EPIPE') process.exit(0)
    if (stream === process.stdout) process.stderr.write(`The output cannot be written: ${error.message}.\n`)
    process.exit(1)
  })
process.exitCode = await run(process.argv.slice(2), openTerminal())
