// Other people's clients against a running service: `node run.mjs URL ROOT_TOKEN`.
import { attio } from "./attio.mjs";
import { instantly } from "./instantly.mjs";

const [, , url, root] = process.argv;
for (const client of [attio, instantly]) {
  await client(url, root);
  console.log(`${client.name}: its client has seen all that it expects`);
}
