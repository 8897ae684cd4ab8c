/** Speculative decoding: guesses at the next tokens, cheaper than the model's own, which verifies several in one run. */

/** Guesses how one text goes on (Leviathan et al. 2023, "Fast inference from transformers via speculative decoding"). */
export type Proposer = {
  /** Most tokens of a guess. */
  readonly most: number
  /** The tokens that may follow `ids`, fewer than `most` or none where it knows better. */
  propose(ids: readonly number[]): readonly number[] | Promise<readonly number[]>
  dispose?(): void
}

/** Longest run of tokens that is looked for. */
const longest = 8
/** A single token in common says too little. */
const shortest = 2

/**
 * Prompt lookup: what followed when the end of the text last occurred in it, the longest end that has. It costs next to nothing, and is
 * right where a text repeats or quotes itself.
 */
export const promptLookup = (most: number): Proposer => ({
  most,
  propose(ids) {
    let best = { length: shortest - 1, end: 0 }
    // From the newest occurrence on; the same length further back is not better.
    for (let end = ids.length - 1; end > 0 && best.length < longest; end--) {
      let length = 0
      while (length < longest && length < end && ids[end - 1 - length] === ids[ids.length - 1 - length]) length++
      if (length > best.length) best = { length, end }
    }
    return best.end === 0 ? [] : ids.slice(best.end, best.end + most)
  },
})
