/** Modules: functions that carry their parts. A parameter is a leaf; its path among the parts is its name in a checkpoint. */
import { failure } from '../base/errors.ts'
import { inScope } from '../graph/scope.ts'
import { Tensor } from '../graph/tensor.ts'
import { parameter } from '../ops/index.ts'
import { sizeOf } from '../tensor/array.ts'
import { type Init, normal } from './init.ts'

/** What a module may carry: parameters, other modules, and lists of modules. */
export type Part = Tensor | AnyModule | readonly AnyModule[]
export type Parts = { readonly [name: string]: Part }
// biome-ignore lint/suspicious/noExplicitAny: modules take and return what they like
export type AnyModule = ((...inputs: any[]) => unknown) & { readonly [partsKey]: Parts }

/** Parts P, callable with the inputs of its forward function. */
export type Module<P extends Parts, I extends unknown[], R> = ((...inputs: I) => R) &
  Readonly<P> & { readonly [partsKey]: P }

const partsKey: unique symbol = Symbol('parts')
/** The name of a module among its parent's parts; '' for a root. */
const localNames = new WeakMap<AnyModule, string>()

const isModule = (part: unknown): part is AnyModule => typeof part === 'function' && partsKey in part

/**
 * A module of named parts and a forward function, which gets the parts first. Calls are labelled with the module's path, for errors
 * and for capture: what a module returns can be asked for by its path.
 */
export function module<P extends Parts, I extends unknown[], R>(
  parts: P,
  forward: (parts: P, ...inputs: I) => R,
): Module<P, I, R> {
  const self = ((...inputs: I): R =>
    inScope(localNames.get(self) ?? '', () => {
      const result = forward(parts, ...inputs)
      return result instanceof Tensor ? (result.tap('') as R) : result
    })) as Module<P, I, R>
  Object.defineProperty(self, partsKey, { value: parts })
  for (const [name, part] of Object.entries(parts)) {
    Object.defineProperty(self, name, { value: part, enumerable: true })
    if (Array.isArray(part)) for (const [i, item] of part.entries()) localNames.set(item, `${name}.${i}`)
    else if (isModule(part)) localNames.set(part, name)
  }
  return self
}

/** A parameter that starts as `init` fills it (normal with deviation 0.02 unless said). */
export const param = (shape: readonly number[], init: Init = normal(0.02)): Tensor => parameter(shape, init)

/** `count` modules of one kind. */
export const repeat = <M extends AnyModule>(count: number, make: (index: number) => M): readonly M[] =>
  Array.from({ length: count }, (_, i) => make(i))

/** Every parameter by its path, in the order of the parts. A parameter used in several places is listed where it comes first. */
export function parameters(root: AnyModule): Map<string, Tensor> {
  const found = new Map<string, Tensor>()
  const seen = new Set<Tensor>()
  const visit = (part: Part, path: string): void => {
    if (part instanceof Tensor) {
      if (seen.has(part)) return
      seen.add(part)
      found.set(path, part)
    } else if (isModule(part)) {
      for (const [name, child] of Object.entries(part[partsKey])) visit(child, path ? `${path}.${name}` : name)
    } else if (Array.isArray(part)) {
      for (const [i, item] of part.entries()) visit(item, `${path}.${i}`)
    } else throw failure('BAD_PART', `${path} is neither a parameter nor a module.`)
  }
  visit(root, '')
  return found
}

/** How many numbers parameters are. */
export const valuesIn = (parameters: ReadonlyMap<string, Tensor>): number =>
  [...parameters.values()].reduce((total, { shape }) => total + sizeOf(shape as readonly number[]), 0)
