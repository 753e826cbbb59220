// Gives the service a workspace with members.
import { randomUUID } from "node:crypto";
import { asker } from "./ask.mjs";

export async function seed(doc, url, root) {
  const ask = asker(url, root);
  const ada = randomUUID();
  const organization = await ask("POST", "/v1/organizations", { name: "Acme", owner: { user_id: ada, email: "ada@acme.example" } });
  const of = `/v1/organizations/${organization.id}`;
  const workspaceId = (await ask("POST", `${of}/workspaces`, { name: "Product", owner_user_id: ada })).id;
  const { secret } = await ask("POST", `${of}/tokens`, { name: "seed", scopes: ["all:all"] });
  const examples = {};
  for (const [template, item] of Object.entries(doc.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const memberId = (await ask("PUT", `/v1/workspaces/${workspaceId}/members/${randomUUID()}`, { role: "viewer" })).id;
      const path = template.replace("{workspaceId}", workspaceId).replace("{memberId}", memberId);
      const request = { method: method.toUpperCase(), path, headers: method === "get" ? {} : { "Muster-On-Behalf-Of": ada } };
      if (operation.requestBody) {
        request.headers["Content-Type"] = "application/json";
        request.body = { ...operation.requestBody.content["application/json"].example };
        if (request.body.userId) request.body.userId = randomUUID();
        if (request.body.memberId) request.body.memberId = memberId;
      }
      const status = Object.keys(operation.responses).find((s) => s.startsWith("2"));
      const body = operation.responses[status].content["application/json"].example;
      examples[operation.operationId] = { "http-request": request, "http-response": { status: Number(status), headers: { "Content-Type": "application/json" }, body } };
    }
  }
  return { examples, token: secret };
}
