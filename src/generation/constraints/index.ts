/** Text that must be of a form: a regular expression, a JSON Schema or a grammar. */
export { type Constraint, type ConstraintOptions, checkForm, constraintOf } from './constraint.ts'
