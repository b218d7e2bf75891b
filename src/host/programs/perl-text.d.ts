/** A program in perl: the bundler and the test runner import its text. */
declare module "*.pl" {
  const program: string;
  export default program;
}
