/**
 * Loaded before the program (`node --import`): stops it right before its first file operation below a path, until its parent has
 * a tracer attached to all of its threads, so that the tracer counts system calls from one well-known moment on.
 * PELLUCID_GATE_AT is the path; PELLUCID_GATE_AFTER a text that must have been printed before, if not empty. Pipe 3 leads to the
 * parent: `held` goes there, and what comes back opens the gate.
 */
import koffi from 'koffi'

const { PELLUCID_GATE_AT: at, PELLUCID_GATE_AFTER: after } = process.env
const fs = process.getBuiltinModule('node:fs')
const { readSync, writeSync } = fs
let armed = after === ''
let open = false

// Where only a parent may trace its child (Yama), the child may still allow everybody. Stacks are those that the runtime asks for.
koffi.config({ sync_stack_size: 8 << 20, async_stack_size: 8 << 20 })
if (process.platform === 'linux') koffi.load(null).func('int prctl(int option, unsigned long value)')(0x59616d61, -1)

/** Waits without letting any other JavaScript run. */
function hold() {
  open = true
  writeSync(3, 'held\n')
  for (;;) {
    try {
      readSync(3, new Uint8Array(1))
      return
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2)
    }
  }
}

function guard(owner) {
  for (const [name, original] of Object.entries(owner)) {
    if (typeof original !== 'function' || /^[A-Z_]/.test(name)) continue
    owner[name] = function (...args) {
      if (armed && !open && typeof args[0] === 'string' && args[0].includes(at)) hold()
      return original.apply(this, args)
    }
  }
}

const { write } = process.stdout
process.stdout.write = function (text, ...rest) {
  const result = write.call(this, text, ...rest)
  armed ||= String(text).includes(after)
  return result
}
guard(fs)
guard(fs.promises)
// Threads that file operations run on exist from here on.
await fs.promises.stat('/')
