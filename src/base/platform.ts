/** Where this code runs. */

/** Whether this is Node; else a page or a worker of one. */
export const onNode: boolean = typeof globalThis.process?.getBuiltinModule === 'function'
