/**
 * The sentences of the built-in world, as patterns (see grammar.ts) with what else is true of each: its kind, its tone where the
 * feeling in it does not tell, and questions that it answers in its own words.
 *
 * Variables: p q person, k kin, t toy, c d color, s size, l place, m furniture, u position, o time, v activity, f feeling, e event,
 * w weather, g clothes, h household thing, z animal, r fruit, x y food, a b n number, i saying, j stuff, y quality.
 */

export type Kind =
  | 'possession'
  | 'action'
  | 'feeling'
  | 'weather'
  | 'food'
  | 'animal'
  | 'fact'
  | 'arithmetic'
  | 'counting'
  | 'dialogue'
export type Tone = 'positive' | 'negative' | 'neutral'
export type TemplateSource = { kind: Kind; text: string; tone?: Tone; asks?: Readonly<Record<string, string>> }

export const templateSources = {
  // Toys
  has: {
    kind: 'possession',
    text: '{p:person} has {s.a:size} {c:color} {t:toy}.',
    asks: { 'Who has {s.a} {c} {t}?': '{p}', 'What does {p} have?': '{s.a} {c} {t}' },
  },
  took: {
    kind: 'action',
    text: '{o:when}, {p:person} took {p.their} {c:color} {t:toy} to the {l:place}.',
    asks: { 'Where did {p} take the {t}?': 'to the {l}', 'Who took the {c} {t} to the {l}?': '{p}' },
  },
  tookBecause: {
    kind: 'feeling',
    text: '{p:person} took {p.their} {c:color} {t:toy} to the {l:place} because {p.they} was {f:feeling}.',
    asks: { 'How was {p}?': '{f}', 'Where did {p} take the {t}?': 'to the {l}' },
  },
  lost: {
    kind: 'action',
    tone: 'negative',
    text: '{p:person} lost {p.their} {c:color} {t:toy} in the {l:place}.',
    asks: { 'What did {p} lose?': '{p.their} {c} {t}', 'Where did {p} lose the {t}?': 'in the {l}' },
  },
  sadLost: {
    kind: 'feeling',
    text: '{p:person} was {f:sorrow} because {p.their} {c:color} {t:toy} was gone.',
    asks: { 'Why was {p} {f}?': 'because {p.their} {c} {t} was gone' },
  },
  feltBecause: {
    kind: 'feeling',
    text: '{p:person} was {f:feeling} because {p.they} {e:f.cause} {p.their} {c:color} {t:toy}.',
    asks: { 'How was {p}?': '{f}', 'Why was {p} {f}?': 'because {p.they} {e} {p.their} {c} {t}' },
  },
  found: {
    kind: 'action',
    tone: 'positive',
    text: '{q:person} found the {c:color} {t:toy} {u:beside} the {m:furniture} and gave it to {p:q.other}.',
    asks: { 'Where was the {t}?': '{u} the {m}', 'Who found the {t}?': '{q}' },
  },
  joyFound: {
    kind: 'feeling',
    text: '{p:person} was {f:joy} because {q:p.other} found {p.their} {c:color} {t:toy}.',
    asks: { 'Why was {p} {f}?': 'because {q} found {p.their} {c} {t}' },
  },
  lookedFor: {
    kind: 'action',
    text: '{p:person} looked for {p.their} {c:color} {t:toy} {u:beside} the {m:furniture}.',
    asks: { 'What did {p} look for?': '{p.their} {c} {t}' },
  },
  put: {
    kind: 'action',
    text: '{p:person} put {p.their} {c:color} {t:toy} {u:beside} the {m:furniture}.',
    asks: { 'Where did {p} put the {t}?': '{u} the {m}' },
  },
  showed: {
    kind: 'action',
    text: '{p:person} showed {q:p.other} {p.their} {s:size} {c:color} {t:toy}.',
    asks: { 'What did {p} show {q}?': '{p.their} {s} {c} {t}', 'Who saw the {t}?': '{q}' },
  },
  broke: {
    kind: 'action',
    tone: 'negative',
    text: '{p:person} broke {p.their} {c:color} {t:toy}, so {p.they} asked {q:p.other} for help.',
    asks: { 'What did {p} break?': '{p.their} {c} {t}', 'Who did {p} ask for help?': '{q}' },
  },
  fixed: {
    kind: 'action',
    tone: 'positive',
    text: '{q:person} fixed the {c:color} {t:toy}, and {p:q.other} thanked {q.them}.',
    asks: { 'Who fixed the {t}?': '{q}', 'What did {q} fix?': 'the {c} {t}' },
  },
  painted: {
    kind: 'action',
    text: '{p:person} painted {p.their} {t:toy} {c:color} in the {l:place}.',
    asks: { 'What did {p} paint?': '{p.their} {t}', 'What color is the {t} of {p}?': '{c}' },
  },
  gave: {
    kind: 'feeling',
    tone: 'positive',
    text: '{p:person} gave {q:p.other} a {c:color} {t:toy} because {q.they} was {f:sorrow}.',
    asks: { 'Who got a {c} {t}?': '{q}', 'Why did {p} give {q} a {t}?': 'because {q.they} was {f}' },
  },
  made: {
    kind: 'action',
    text: '{p:person} made {s.a:size} {c:color} {t:toy} for {p.their} {k:kin}.',
    asks: { 'Who made the {t}?': '{p}', 'What did {p} make?': '{s.a} {c} {t}' },
  },
  gaveKin: {
    kind: 'feeling',
    tone: 'positive',
    text: '{p:person} gave the {c:color} {t:toy} to {p.their} {k:kin} because {p.they} was {f:joy}.',
    asks: { 'Who got the {t}?': '{p.their} {k}', 'How was {p}?': '{f}' },
  },
  bought: {
    kind: 'possession',
    text: '{p:person} bought {s.a:size} {c:color} {t:toy} for {n:several} coins.',
    asks: { 'How many coins did {p} pay?': '{n}', 'What did {p} buy?': '{s.a} {c} {t}' },
  },
  playedWith: {
    kind: 'action',
    text: '{o:when}, {p:person} and {q:p.other} played with the {c:color} {t:toy}.',
    asks: { 'What did {p} and {q} play with?': 'the {c} {t}' },
  },

  // People
  did: {
    kind: 'action',
    text: '{o:when}, {p:person} {v.past:activity} in the {l:place} with {q:p.other}.',
    asks: { 'Where was {p}?': 'in the {l}', 'Who was with {p}?': '{q}' },
  },
  likesTo: {
    kind: 'action',
    text: '{p:person} likes to {v:activity} in the {l:place} with {p.their} {k:kin}.',
    asks: { 'What does {p} like to do?': '{v}' },
  },
  wentTo: {
    kind: 'action',
    text: '{p:person} went to the {l:place} with {p.their} {k:kin} because {p.they} wanted to {v:activity}.',
    asks: { 'Where did {p} go?': 'to the {l}', 'What did {p} want to do?': '{v}' },
  },
  whenFelt: {
    kind: 'feeling',
    text: 'When {p:person} was {f:feeling}, {p.they} {v.past:activity} in the {l:place}.',
    asks: { 'How was {p}?': '{f}' },
  },
  hugged: {
    kind: 'feeling',
    text: '{o:when}, {p:person} was {f:feeling}, so {p.they} hugged {p.their} {k:kin}.',
    asks: { 'Who did {p} hug?': '{p.their} {k}', 'How was {p}?': '{f}' },
  },
  helped: {
    kind: 'action',
    tone: 'positive',
    text: '{p:person} helped {p.their} {k:kin} clean the {s:size} {h:tool}.',
    asks: { 'Who did {p} help?': '{p.their} {k}', 'What did they clean?': 'the {s} {h}' },
  },
  needed: {
    kind: 'action',
    text: '{o:when}, {p:person} needed the {h:tool} and went to the {h.room}.',
    asks: { 'What did {p} need?': 'the {h}', 'Where did {p} go?': 'to the {h.room}' },
  },
  putBack: {
    kind: 'action',
    text: '{p:person} and {q:p.other} put the {h.material:tool} {h} back in the {h.room}.',
    asks: { 'Where does the {h} belong?': 'in the {h.room}' },
  },

  // Weather
  wore: {
    kind: 'weather',
    text: 'It was {w:weather} in the {l:outdoors}, so {p:person} wore {p.their} {c:color} {g:w.wear}.',
    asks: { 'How was the weather?': '{w}', 'What did {p} wear?': '{p.their} {c} {g}' },
  },
  stayedHome: {
    kind: 'weather',
    text: '{o:when}, it was {w:weather}, and {p:person} {v.past:activity} at home with {p.their} {k:kin}.',
    asks: { 'How was the weather?': '{w}', 'Where was {p}?': 'at home' },
  },
  ground: {
    kind: 'weather',
    text: 'When it is {w:weather}, the {l:outdoors} is {w.ground}.',
    asks: { 'How is the {l} when it is {w}?': '{w.ground}' },
  },

  // Animals
  petFollowed: {
    kind: 'animal',
    text: '{o:when}, {p:person} and {p.their} {p.pet} {v.past:activity} in the {l:place}.',
    asks: { 'Which pet does {p} have?': '{p.pet}' },
  },
  lovesPet: {
    kind: 'animal',
    text: '{p:person} loves {p.their} {p.pet}.',
    tone: 'positive',
    asks: { 'What does {p} love?': '{p.their} {p.pet}' },
  },
  fed: {
    kind: 'animal',
    text: '{o:when}, {p:person} went to the {z.home:animal} and gave the {s:size} {z} some {z.food}.',
    asks: { 'What did the {z} eat?': '{z.food}', 'Where did {p} go?': 'to the {z.home}' },
  },
  saw: {
    kind: 'animal',
    text: '{p:person} saw {s.a:size} {c:color} {z:animal} in the {l:place}, and it said {z.sound}.',
    asks: { 'What did {p} see?': '{s.a} {c} {z}', 'What did the {z} say?': '{z.sound}' },
  },
  sound: { kind: 'fact', text: 'The {z:animal} says {z.sound}.', asks: { 'What does the {z} say?': '{z.sound}' } },
  young: { kind: 'fact', text: 'A baby {z:animal} is a {z.young}.', asks: { 'What is a baby {z}?': 'a {z.young}' } },
  legs: { kind: 'fact', text: 'A {z:animal} has {z.legs} legs.', asks: { 'How many legs has a {z}?': '{z.legs}' } },
  home: {
    kind: 'fact',
    text: 'The {z:animal} lives in the {z.home} and eats {z.food}.',
    asks: { 'Where does the {z} live?': 'in the {z.home}' },
  },

  // Food
  ateMeal: {
    kind: 'food',
    text: 'For {x:meal}, {p:person} ate {y:food} with {p.their} {k:kin} in the {l:place}.',
    asks: { 'What did {p} eat?': '{y}' },
  },
  cooked: {
    kind: 'food',
    text: '{o:when}, {p:person} cooked {y:food} for {p.their} {k:kin}.',
    asks: { 'What did {p} cook?': '{y}', 'Who cooked {y}?': '{p}' },
  },
  picked: {
    kind: 'food',
    text: '{p:person} picked {n:several} {r.color:fruit} {r.plural} in the {l:outdoors}.',
    asks: { 'How many {r.plural} did {p} pick?': '{n}', 'Who picked {r.plural}?': '{p}' },
  },
  fruitColor: {
    kind: 'fact',
    text: '{r.plural:fruit} are {r.color}.',
    asks: { 'What color are {r.plural}?': '{r.color}' },
  },

  // Facts
  madeOf: {
    kind: 'fact',
    text: 'The {h:tool} in the {h.room} is made of {h.material}.',
    asks: { 'What is the {h} made of?': '{h.material}' },
  },
  stuff: {
    kind: 'fact',
    text: '{p:person} knows that {j:stuff} is {j.quality}.',
    asks: { 'How is {j}?': '{j.quality}' },
  },
  opposite: {
    kind: 'fact',
    text: 'The opposite of {y:quality} is {y.opposite}.',
    asks: { 'What is the opposite of {y}?': '{y.opposite}' },
  },
  dayAfter: {
    kind: 'fact',
    text: 'After {d:day} comes {d.after}.',
    asks: { 'Which day comes after {d}?': '{d.after}' },
  },

  // Numbers
  plus: {
    kind: 'arithmetic',
    text: '{a:addend} plus {b:addend} is {a+b}.',
    asks: { 'What is {a} plus {b}?': '{a+b}' },
  },
  minus: {
    kind: 'arithmetic',
    text: '{a:minuend} minus {b:subtrahend} is {a-b}.',
    asks: { 'What is {a} minus {b}?': '{a-b}' },
  },
  together: {
    kind: 'arithmetic',
    text: '{p:person} has {a:addend} big and {b:addend} small {c:color} {t.plural:toy}, and that makes {a+b}.',
    asks: { 'How many {t.plural} does {p} have?': '{a+b}', 'How many big {t.plural} are there?': '{a}' },
  },
  gotMore: {
    kind: 'arithmetic',
    text: '{p:person} had {a:addend} {r.plural:fruit}, {q:p.other} gave {p.them} {b:addend} more, and now {p.they} has {a+b}.',
    asks: { 'How many {r.plural} does {p} have now?': '{a+b}' },
  },
  gaveAway: {
    kind: 'arithmetic',
    text: '{p:person} had {a:minuend} {t.plural:toy} and gave {b:subtrahend} to {q:p.other}, so {p.they} has {a-b} left.',
    asks: { 'How many {t.plural} does {p} have left?': '{a-b}', 'How many did {q} get?': '{b}' },
  },
  counted: {
    kind: 'counting',
    text: '{p:person} counted the {c:color} {t.plural:toy}: {n.sequence:several}.',
    asks: { 'What did {p} count?': 'the {c} {t.plural}' },
  },
  comesAfter: {
    kind: 'counting',
    text: 'After {n:number} comes {n.after}.',
    asks: { 'What comes after {n}?': '{n.after}' },
  },

  // Speech: one quotation a sentence
  sayHave: {
    kind: 'dialogue',
    text: '"I have {s.a:size} {c:color} {t:toy}," {i:speak} {p:person}.',
    asks: { 'Who has a {t}?': '{p}' },
  },
  askWhere: {
    kind: 'dialogue',
    text: '{p:person} asked {q:p.other}, "Where is my {s:size} {c:color} {t:toy}?"',
    asks: { 'Who asked {q}?': '{p}', 'Whose {t} is it?': '{p}' },
  },
  sayWhere: {
    kind: 'dialogue',
    text: '"Your {c:color} {t:toy} is {u:beside} the {m:furniture}," {i:speak} {q:person}.',
    asks: { 'Where is the {t}?': '{u} the {m}' },
  },
  sayThanks: {
    kind: 'dialogue',
    tone: 'positive',
    text: '"Thank you for the {c:color} {t:toy}, {q:person}," {i:speak} {p:q.other}.',
    asks: { 'Who said thank you?': '{p}' },
  },
  sayPlay: {
    kind: 'dialogue',
    text: '"Let us {v:activity} in the {l:place}, {q:person}," {i:speak} {p:q.other}.',
    asks: { 'Where does {p} want to {v}?': 'in the {l}' },
  },
  sayFeeling: {
    kind: 'dialogue',
    text: '"I am {f:feeling} because I {e:f.cause} my {c:color} {t:toy}," {i:speak} {p:person}.',
    asks: { 'How is {p}?': '{f}' },
  },
  askFood: {
    kind: 'dialogue',
    text: '{p:person} asked {q:p.other}, "Do you like {y:food} for {x:meal}?"',
    asks: { 'Who asked {q}?': '{p}' },
  },
  sayFood: {
    kind: 'dialogue',
    tone: 'positive',
    text: '"I like {y:food} and {r.plural:fruit}," {q:person} told {p:q.other}.',
    asks: { 'What does {q} like?': '{y} and {r.plural}' },
  },
  sayWeather: {
    kind: 'dialogue',
    text: '"It is {w:weather}, so I need my {c:color} {g:w.wear}," {i:speak} {p:person}.',
    asks: { 'How is the weather?': '{w}', 'Who needs the {g}?': '{p}' },
  },
  askSum: {
    kind: 'arithmetic',
    text: '"{a:addend} and {b:addend} make {a+b}," {p:person} told {p.their} {k:kin}.',
    asks: { 'What do {a} and {b} make?': '{a+b}' },
  },
} as const satisfies Record<string, TemplateSource>

export type TemplateName = keyof typeof templateSources
