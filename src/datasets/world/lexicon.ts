/** The words of the built-in world and the facts that hang on them: who is `she`, what a cow says, where the kettle stands. */

/** A word (or fixed phrase) with its forms and facts. A field is another form, a fact, or the name of a category of this lexicon. */
export type Word = { readonly text: string; readonly [field: string]: string | number }

/** Words that can stand in the same slot. `repeatable`: two slots of one sentence may hold the same word. */
export type Category = { readonly label: string; readonly words: readonly Word[]; readonly repeatable?: boolean }

/** A category of plain words, separated by spaces. */
const plain = (label: string, texts: string): Category => ({
  label,
  words: texts.split(' ').map((text) => ({ text })),
})

/** A category written as a table: the first column is the word itself, every further column the field of that name. */
function table(label: string, columns: string, rows: string): Category {
  const fields = columns.split(' ')
  const words = rows
    .trim()
    .split('\n')
    .map((row) => {
      const cells = row.trim().split(/ *\| */)
      if (cells.length !== fields.length)
        throw new Error(`${label}: "${row}" has ${cells.length} cells, not ${columns}`)
      return Object.fromEntries(fields.map((field, i) => [field, cells[i]!])) as Word
    })
  return { label, words }
}

/** The words of a category that a condition keeps: the same objects, so that a word means the same wherever it stands. */
const only = (category: Category, keep: (word: Word) => boolean): Category => ({
  ...category,
  words: category.words.filter(keep),
})

/** Countable nouns with a regular plural. */
const nouns = (label: string, texts: string): Category => ({
  label,
  words: texts.split(' ').map((text) => ({ text, plural: `${text}s` })),
})

/** How the world speaks of a person, and the category of those whom the other pronouns mean. */
const pronouns = {
  she: { they: 'she', them: 'her', their: 'her', other: 'he' },
  he: { they: 'he', them: 'him', their: 'his', other: 'she' },
}

/** People of one pronoun: `name pet` pairs. */
const people = (pronoun: 'she' | 'he', pairs: string): Category => ({
  label: 'PERSON',
  words: pairs.split(', ').map((pair) => {
    const [text, pet] = pair.split(' ') as [string, string]
    return { text, pet, ...pronouns[pronoun] }
  }),
})

// The second person of a sentence is always one of the other pronoun, so that no pronoun has two readings.
const she = people('she', 'Mia cat, Anna dog, Lily goat, Rosa duck, Zoe pony, Ruby mouse')
const he = people('he', 'Tom dog, Ben cat, Leo pony, Max duck, Sam goat, Finn mouse')
const person: Category = { label: 'PERSON', words: [...she.words, ...he.words] }

const numerals = 'one two three four five six seven eight nine ten'.split(' ')
const number: Category = {
  label: 'NUMBER',
  repeatable: true,
  words: numerals.map((text, i) => ({
    text,
    value: i + 1,
    sequence: numerals.slice(0, i + 1).join(', '),
    after: numerals[i + 1] ?? 'eleven',
  })),
}
const amount = (word: Word) => Number(word.value)

const place = plain('PLACE', 'park garden forest school library market meadow barn field town valley')

const feeling = table(
  'FEELING',
  'text tone cause',
  `happy   | positive | gain
   glad    | positive | gain
   proud   | positive | gain
   merry   | positive | gain
   sad     | negative | loss
   upset   | negative | loss
   angry   | negative | loss
   worried | negative | loss`,
)

const animal = table(
  'ANIMAL',
  'text sound young legs home food',
  `cow   | moo     | calf     | four | barn   | grass
   dog   | woof    | puppy    | four | yard   | bones
   cat   | meow    | kitten   | four | house  | fish
   duck  | quack   | duckling | two  | pond   | bread
   horse | neigh   | foal     | four | stable | hay
   pig   | oink    | piglet   | four | barn   | corn
   hen   | cluck   | chick    | two  | yard   | seeds
   frog  | croak   | tadpole  | four | pond   | flies
   lion  | roar    | cub      | four | cave   | meat
   mouse | squeak  | pup      | four | house  | cheese
   goat  | maa     | kid      | four | barn   | leaves
   pony  | whinny  | colt     | four | stable | carrots`,
)

/** Every category of the world, by the name that patterns use. */
export const lexicon: Readonly<Record<string, Category>> = {
  person,
  she,
  he,
  kin: plain('KIN', 'mother sister aunt father brother uncle'),
  toy: nouns(
    'OBJECT',
    'kite ball drum doll boat robot train puzzle balloon bucket bell flute basket rocket wagon mask truck',
  ),
  color: plain('COLOR', 'red blue green yellow purple white black brown'),
  size: table(
    'SIZE',
    'text a',
    `big   | a big
     small | a small
     new   | a new
     old   | an old
     tiny  | a tiny`,
  ),
  place,
  outdoors: only(place, ({ text }) => ['park', 'garden', 'forest', 'meadow', 'field', 'valley'].includes(text)),
  furniture: plain('OBJECT', 'table chair bed sofa desk piano'),
  beside: plain('POSITION', 'on under near behind'),
  when: {
    label: 'TIME',
    words: [...['in the morning', 'in the evening', 'at noon', 'after lunch', 'yesterday', 'one day', 'on Sunday']].map(
      (text) => ({ text }),
    ),
  },
  day: table(
    'DAY',
    'text after',
    `Monday    | Tuesday
     Tuesday   | Wednesday
     Wednesday | Thursday
     Thursday  | Friday
     Friday    | Saturday
     Saturday  | Sunday
     Sunday    | Monday`,
  ),
  number,
  several: only(number, (n) => amount(n) >= 2),
  addend: only(number, (n) => amount(n) >= 2 && amount(n) <= 4),
  minuend: only(number, (n) => amount(n) >= 3 && amount(n) <= 5),
  subtrahend: only(number, (n) => amount(n) <= 3),
  feeling,
  joy: only(feeling, (f) => f.tone === 'positive'),
  sorrow: only(feeling, (f) => f.tone === 'negative'),
  gain: plain('EVENT', 'found fixed won'),
  loss: plain('EVENT', 'lost broke forgot'),
  activity: table(
    'ACTIVITY',
    'text past',
    `run   | ran
     dance | danced
     sing  | sang
     rest  | rested
     draw  | drew
     jump  | jumped
     play  | played
     walk  | walked`,
  ),
  speak: plain('SPEECH', 'said called whispered'),
  animal,
  pet: only(animal, (a) => person.words.some((someone) => someone.pet === a.text)),
  fruit: table(
    'FOOD',
    'text plural color',
    `banana     | bananas      | yellow
     lemon      | lemons       | yellow
     cherry     | cherries     | red
     plum       | plums        | purple
     pear       | pears        | green
     blueberry  | blueberries  | blue`,
  ),
  food: plain('FOOD', 'bread soup rice cheese fish pasta salad cake pie stew'),
  meal: plain('MEAL', 'breakfast lunch dinner'),
  weather: table(
    'WEATHER',
    'text wear ground',
    `sunny | sunwear  | warm
     rainy | rainwear | wet
     snowy | snowwear | white
     windy | windwear | cool`,
  ),
  sunwear: plain('OBJECT', 'hat sandals shorts'),
  rainwear: plain('OBJECT', 'boots raincoat hood'),
  snowwear: plain('OBJECT', 'mittens scarf sweater'),
  windwear: plain('OBJECT', 'jacket cap vest'),
  tool: table(
    'OBJECT',
    'text material room',
    `spoon   | metal  | kitchen
     kettle  | metal  | kitchen
     plate   | clay   | kitchen
     pillow  | cotton | bedroom
     dresser | wood   | bedroom
     sheet   | cotton | bedroom
     mirror  | glass  | bathroom
     towel   | cotton | bathroom
     hammer  | metal  | garage
     ladder  | wood   | garage
     map     | paper  | study
     letter  | paper  | study
     vase    | glass  | hall
     rug     | wool   | hall`,
  ),
  stuff: table(
    'THING',
    'text quality',
    `snow   | cold
     fire   | hot
     ice    | cold
     honey  | sweet
     stone  | hard
     wool   | soft
     sugar  | sweet
     iron   | hard
     cotton | soft
     steam  | hot`,
  ),
  quality: table(
    'QUALITY',
    'text opposite',
    `hot   | cold
     big   | small
     new   | old
     wet   | dry
     hard  | soft
     happy | sad
     light | dark
     fast  | slow`,
  ),
}
