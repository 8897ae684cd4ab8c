/** Types of the engine under the name by which package.json tells its builds for Node and for pages apart. */
declare module '#onnxruntime-web' {
  export * from 'onnxruntime-web'
}
