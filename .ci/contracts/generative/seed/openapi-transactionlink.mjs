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
      const userId = randomUUID();
      await ask("PUT", `/v1/workspaces/${workspaceId}/members/${userId}`, { role: "viewer" });
      const path = template.replace("{workspaceId}", workspaceId).replace("{userId}", userId);
      const request = { method: method.toUpperCase(), path, headers: method === "get" ? {} : { "Muster-On-Behalf-Of": ada } };
      if (operation.requestBody) {
        request.headers["Content-Type"] = "application/json";
        request.body = { ...operation.requestBody.content["application/json"].example, userId };
      }
      const status = Object.keys(operation.responses).find((s) => s.startsWith("2"));
      const body = operation.responses[status].content?.["application/json"].example;
      const response = { status: Number(status), ...(body && { headers: { "Content-Type": "application/json" }, body }) };
      examples[operation.operationId] = { "http-request": request, "http-response": response };
    }
  }
  return { examples, token: secret };
}
