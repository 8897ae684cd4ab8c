/** A program that loads each model directory it is given some times and prints what the dearest refusal cost, a JSON line each. */
import { loadModel } from '../../src/model.ts'
import { measure } from './measure.ts'

const [repeats, ...paths] = process.argv.slice(2)
for (const path of paths) {
  let [milliseconds, bytes] = [0, 0]
  for (let i = 0; i < Number(repeats); i++) {
    const cost = await measure(() =>
      loadModel(path).then(
        () => 'accepted',
        () => 'refused',
      ),
    )
    if (cost.result !== 'refused') throw new Error(`${path}: was ${cost.result}`)
    milliseconds = Math.max(milliseconds, cost.milliseconds)
    bytes = Math.max(bytes, cost.bytes)
  }
  console.log(JSON.stringify({ milliseconds, bytes }))
}
