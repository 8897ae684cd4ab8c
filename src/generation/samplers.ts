/** Every sampler there is; a function of the same kind takes their place. */
export { greedy, multinomial } from './sampling.ts'
