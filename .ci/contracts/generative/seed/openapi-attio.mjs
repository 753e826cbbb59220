// Gives the service a workspace with members of every access level, and a token that
// is bound to it.
import { randomUUID } from "node:crypto";
import { asker } from "./ask.mjs";

export async function seed(doc, url, root) {
  const ask = asker(url, root);
  const ada = randomUUID();
  const bob = randomUUID();
  const organization = await ask("POST", "/v1/organizations", { name: "Acme", owner: { user_id: ada, email: "ada@acme.example" } });
  const of = `/v1/organizations/${organization.id}`;
  const workspace = await ask("POST", `${of}/workspaces`, { name: "Product", owner_user_id: ada });
  const members = `/v1/workspaces/${workspace.id}/members`;
  const member = await ask("PUT", `${members}/${randomUUID()}`, { role: "viewer" });
  await ask("PUT", `${members}/${bob}`, { role: "viewer" });
  await ask("POST", `${members}/${bob}/suspend`);
  const { secret } = await ask("POST", `${of}/tokens`, { name: "seed", scopes: ["user_management:read"], workspace_id: workspace.id });
  const examples = {};
  for (const [template, item] of Object.entries(doc.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const request = { method: method.toUpperCase(), path: template.replace("{workspace_member_id}", member.id) };
      const body = operation.responses["200"].content["application/json"].example;
      examples[operation.operationId] = { "http-request": request, "http-response": { status: 200, headers: { "Content-Type": "application/json" }, body } };
    }
  }
  return { examples, token: secret };
}
