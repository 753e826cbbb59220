// Gives the service an organization with a workspace, and says what its clients need.
import { randomUUID } from "node:crypto";
import { asker } from "../generative/seed/ask.mjs";

export async function seed(url, root) {
  const ask = asker(url, root);
  const owner = randomUUID();
  const organization = await ask("POST", "/v1/organizations", {
    name: "Acme", owner: { user_id: owner, email: "olga@acme.example", name: { first: "Olga", last: "Owner" } },
  });
  const of = `/v1/organizations/${organization.id}`;
  const workspace = await ask("POST", `${of}/workspaces`, { name: "Product", owner_user_id: owner });
  const members = `/v1/workspaces/${workspace.id}/members`;
  return {
    ask, owner, workspace, members,
    // token issues a token that is bound to the workspace, unless the fields say otherwise.
    async token(scope, fields = { workspace_id: workspace.id }, issuer = root) {
      return (await ask("POST", `${of}/tokens`, { name: "client", scopes: [scope], ...fields }, issuer)).secret;
    },
    add: (fields) => ask("POST", members, { role: "viewer", ...fields }),
  };
}
