// npm runs this before it publishes a clone. What is published is the tarball that CI built, compared and attested.
process.stderr.write(
  "sessreap is published by CI alone, from a tag: npm run release -- VERSION, then push what it says (CONTRIBUTING.md, Releasing)\n",
);
process.exitCode = 1;
