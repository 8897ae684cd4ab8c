/** What the refusal of each malformed model directory of the test suite costs, against the bounds that are promised. */
import { modelFiles } from '../test/bad-input/model-files.ts'
import { type RefusalCost, refusalCosts } from '../test/bad-input/refusal-cost.ts'
import { type Benchmark, table } from './benchmark.ts'

const repeats = 3

/** The five for which a share of the bound is highest. */
const worst = (costs: readonly RefusalCost[], share: (cost: RefusalCost) => number): RefusalCost[] =>
  [...costs].sort((a, b) => share(b) - share(a)).slice(0, 5)
const time = ({ milliseconds, bound }: RefusalCost): number => milliseconds / bound.milliseconds
const memory = ({ bytes, bound }: RefusalCost): number => bytes / bound.bytes

const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1)

export const badInput: Benchmark = {
  name: 'bad-input',
  description:
    'The slowest refusals of malformed model directories, and those that take most memory, against their bounds',
  async run(_, log) {
    const costs = await refusalCosts(
      modelFiles.filter(({ skip }) => !skip),
      repeats,
    )
    const [slowest, hungriest] = [worst(costs, time), worst(costs, memory)]
    log(`${costs.length} cases, the dearest of ${repeats} refusals each, the first in a fresh process`)
    const times = slowest.map((cost) => [
      cost.name,
      cost.milliseconds.toFixed(1),
      String(cost.bound.milliseconds),
      time(cost).toFixed(2),
    ])
    log(table([['slowest', 'ms of processor time', 'bound', 'ratio'], ...times]))
    const sizes = hungriest.map((cost) => [
      cost.name,
      mebibytes(cost.bytes),
      mebibytes(cost.bound.bytes),
      memory(cost).toFixed(2),
    ])
    log(table([['most memory', 'MiB', 'bound (the file and 32)', 'ratio'], ...sizes]))
    return { cases: costs.length, slowest: slowest[0], hungriest: hungriest[0] }
  },
}
