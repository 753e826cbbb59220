// Gives the service a workspace with members, and a token that is bound to it.
import { randomUUID } from "node:crypto";
import { asker } from "./ask.mjs";

export async function seed(doc, url, root) {
  const ask = asker(url, root);
  const ada = randomUUID();
  const organization = await ask("POST", "/v1/organizations", { name: "Acme", owner: { user_id: ada, email: "ada@acme.example" } });
  const of = `/v1/organizations/${organization.id}`;
  const workspace = await ask("POST", `${of}/workspaces`, { name: "Product", owner_user_id: ada });
  const { secret } = await ask("POST", `${of}/tokens`, { name: "seed", scopes: ["all:all"], workspace_id: workspace.id });
  const examples = {};
  for (const [template, item] of Object.entries(doc.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const id = operation.operationId;
      const member = await ask("POST", "/api/v2/workspace-members", { email: `${id}@acme.example`, role: "editor" }, secret);
      const request = { method: method.toUpperCase(), path: template.replace("{id}", member.id), headers: {} };
      if (method !== "get") request.headers["Muster-On-Behalf-Of"] = ada;
      if (operation.requestBody) {
        request.headers["Content-Type"] = "application/json";
        request.body = method === "post" ? { email: "new@acme.example", role: "editor" } : { role: "view", permissions: ["dashboard.view"] };
      }
      const body = id === "list-workspace-members" ? { items: [member] } : member;
      examples[id] = { "http-request": request, "http-response": { status: 200, headers: { "Content-Type": "application/json" }, body } };
    }
  }
  return { examples, token: secret };
}
