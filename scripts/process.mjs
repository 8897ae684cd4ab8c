/** Starting other programs from the scripts: npm, the tools in node_modules, Node itself. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The folder of package.json. */
export const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Runs a program and waits for it. `quiet` collects its output instead of showing it.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, quiet?: boolean, seconds?: number }} [options]
 * @returns {Promise<{ code: number, output: string, stdout: string }>} `code` 124 after `seconds`
 */
export function run(command, args, { cwd = root, env = {}, quiet = false, seconds } = {}) {
  return new Promise((resolve) => {
    const stdio = quiet ? ['ignore', 'pipe', 'pipe'] : ['ignore', 'inherit', 'inherit']
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio })
    let output = ''
    let stdout = ''
    let late = false
    const timer = seconds && setTimeout(() => (late = child.kill('SIGKILL')), seconds * 1000)
    if (quiet) {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text
        stdout += text
      })
      child.stderr.setEncoding('utf8').on('data', (text) => {
        output += text
      })
    }
    child.on('error', (error) => {
      output += `${error.message}\n`
    })
    child.on('close', (code) => {
      clearTimeout(timer)
      if (late) output += `\nStopped after ${seconds} seconds.\n`
      resolve({ code: late ? 124 : (code ?? 1), output, stdout })
    })
  })
}

/** Runs a script with this Node. */
export const node = (args, options) => run(process.execPath, args, options)

/** Runs npm: the one that runs us where there is one, else the one on the path. */
export function npm(args, options) {
  const script = process.env.npm_execpath
  if (script && /\.c?js$/.test(script) && existsSync(script)) return node([script, ...args], options)
  if (process.platform !== 'win32') return run('npm', args, options)
  return run(process.env.ComSpec || 'cmd.exe', ['/d', '/s', '/c', 'npm', ...args], options)
}
