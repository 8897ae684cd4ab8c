/** The stories of the built-in world: which sentences follow each other, what they share, and the sentence that sums them up. */
import type { TemplateName } from './templates.ts'

/** One sentence of a story: a template, or several of which one is drawn. */
export type Scene = TemplateName | readonly TemplateName[]

/**
 * A plan of a story. The variables that the pattern `cast` declares mean the same in all its sentences; all others are drawn anew in
 * each. `weight`: how often the plan is drawn, relative to the others. `summary` is a pattern over the cast.
 */
export type StoryPlan = { weight: number; cast: string; scenes: readonly Scene[]; summary: string }

const talk = ['sayHave', 'sayPlay', 'sayFeeling', 'askFood', 'sayFood', 'sayWeather'] as const
const outing = ['did', 'wentTo', 'likesTo', 'whenFelt', 'hugged', 'petFollowed', 'lovesPet'] as const
const facts = [
  'sound',
  'young',
  'legs',
  'home',
  'madeOf',
  'stuff',
  'opposite',
  'dayAfter',
  'fruitColor',
  'ground',
] as const
const toys = ['has', 'tookBecause', 'feltBecause', 'put', 'showed', 'painted', 'made', 'bought', 'playedWith'] as const
const reckoning = ['plus', 'minus', 'comesAfter'] as const
const sums = ['together', 'gotMore', 'gaveAway', 'askSum', 'counted'] as const

export const storyPlans = {
  lostToy: {
    weight: 4,
    cast: '{s:size} {p:person} {q:p.other} {c:color} {t:toy} {l:place}',
    scenes: [
      'has',
      'took',
      'lost',
      ['sadLost', 'lookedFor'],
      'askWhere',
      ['found', 'sayWhere'],
      ['joyFound', 'sayThanks'],
    ],
    summary: '{p} lost {p.their} {c} {t} in the {l}, and {q} found it.',
  },
  brokenToy: {
    weight: 3,
    cast: '{s:size} {p:person} {q:p.other} {c:color} {t:toy}',
    scenes: [['has', 'bought'], ['showed', 'playedWith'], 'broke', 'fixed', ['sayThanks', 'playedWith']],
    summary: '{p} broke {p.their} {c} {t}, and {q} fixed it.',
  },
  gift: {
    weight: 3,
    cast: '{s:size} {p:person} {q:p.other} {c:color} {t:toy}',
    scenes: [['bought', 'made'], ['whenFelt', 'hugged'], 'gave', 'playedWith', 'put'],
    summary: '{p} gave a {c} {t} to {q}.',
  },
  family: {
    weight: 3,
    cast: '{s:size} {p:person} {k:kin} {c:color} {t:toy}',
    scenes: [
      ['wentTo', 'likesTo'],
      ['made', 'bought'],
      'gaveKin',
      ['cooked', 'ateMeal'],
      ['helped', 'hugged', 'stayedHome'],
    ],
    summary: '{p} gave a {c} {t} to {p.their} {k}.',
  },
  dayOut: {
    weight: 4,
    cast: '{p:person} {q:p.other} {l:outdoors}',
    scenes: ['wore', outing, outing, talk, ['picked', 'saw'], outing],
    summary: '{p} spent a day in the {l} with {q}.',
  },
  animals: {
    weight: 3,
    cast: '{p:person} {z:animal}',
    scenes: ['saw', 'fed', ['sound', 'young', 'legs', 'home'], ['petFollowed', 'lovesPet'], ['petFollowed', 'hugged']],
    summary: '{p} saw a {z} and gave it some {z.food}.',
  },
  household: {
    weight: 2,
    cast: '{p:person} {q:p.other} {h:tool}',
    scenes: ['needed', ['helped', 'madeOf'], 'putBack', ['cooked', 'ateMeal', 'stayedHome']],
    summary: '{p} went to get the {h}, and {q} helped to put it back.',
  },
  talking: {
    weight: 2,
    cast: '{p:person} {q:p.other}',
    scenes: [talk, 'askFood', 'sayFood', talk, outing],
    summary: '{p} and {q} had a talk about food.',
  },
  numbers: {
    weight: 3,
    cast: '{p:person} {q:p.other}',
    scenes: [sums, reckoning, sums, reckoning, toys],
    summary: '{p} worked with numbers.',
  },
  lesson: {
    weight: 3,
    cast: '{p:person}',
    scenes: ['stuff', facts, facts, facts, facts, toys],
    summary: '{p} learned how the world is.',
  },
  playroom: {
    weight: 4,
    cast: '{p:person} {q:p.other}',
    scenes: [toys, toys, talk, toys, toys],
    summary: '{p} played with toys.',
  },
} as const satisfies Record<string, StoryPlan>

export type StoryName = keyof typeof storyPlans
