// Holds the events of a running service against the JSON Schemas that they name, with Ajv in
// its strict mode: `node run.mjs URL TOKEN`.
import Ajv from "ajv/dist/2020.js";
import formats from "ajv-formats";

const [url, token] = process.argv.slice(2);
const user = (n) => `019cc043-b1a2-7d14-8f5c-${String(n).padStart(12, "0")}`;

async function call(method, path, body, more) {
  const answer = await fetch(url + path, {
    method,
    headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json", ...more },
    body: body && JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.status === 204 ? undefined : answer.json();
}

// Types of events that nothing below makes, and why.
const elsewhere = {
  "muster.subscription.ping": "it is in no log: a webhook alone gets it",
};

// Something of everything that happens.
const { id: organization } = await call("POST", "/v1/organizations", {
  name: "Acme", owner: { user_id: user(1), email: "ada@acme.example", name: { first: "Ada", last: "Lovelace" } },
});
const org = `/v1/organizations/${organization}`;
await call("PATCH", org, { name: "Acme Studios" });
await call("PUT", `${org}/members/${user(2)}`, { role: "admin" });
await call("PUT", `${org}/members/${user(2)}`, { role: "member" });
const { id: role } = await call("POST", `${org}/roles`, { key: "auditor", name: "Auditor", level: 15, permissions: ["reports.view"] });
await call("PATCH", `${org}/roles/${role}`, { permissions: [] });
const { id: workspace } = await call("POST", `${org}/workspaces`, { name: "Product", owner_user_id: user(1) });
const ws = `/v1/workspaces/${workspace}`;
await call("POST", `${ws}/members`, { email: "grace@acme.example", role: "viewer", expires_at: "2040-01-31T00:00:00Z", permissions: ["reports.view"] });
await call("POST", `${ws}/members`, { user_id: user(3), role: "auditor" });
await call("PATCH", `${ws}/members/${user(3)}`, { role: "editor", permissions: [], expires_at: "2040-01-31T00:00:00Z" });
await call("PATCH", `${ws}/members/${user(3)}`, { permissions: null, expires_at: null });
await call("POST", `${ws}/members/${user(3)}/suspend`);
await call("POST", `${ws}/members/${user(3)}/reinstate`);
await call("POST", `${ws}/transfer-ownership`, { from_user_id: user(1), to_user_id: user(3) });
await call("DELETE", `${ws}/members/${user(1)}`);
await call("DELETE", `${org}/members/${user(2)}`);
const { id: robot } = await call("POST", `${org}/tokens`, { name: "robot", scopes: ["events:read"] });
await call("POST", `${org}/tokens/${robot}/rotate`, { overlap_seconds: 60 });
await call("DELETE", `${org}/tokens/${robot}`);
await call("PATCH", ws, { name: "Products" });
await call("PUT", `${org}/members/${user(4)}`, { role: "admin" });
await call("POST", `${org}/members/${user(4)}/suspend`);
await call("POST", `${org}/members/${user(4)}/reinstate`);
const { user_id: invited } = await call("POST", `${ws}/members`, { email: "alan@acme.example", role: "viewer" });
const { invitation } = await call("POST", `${ws}/members/${invited}/resend`);
await call("POST", "/v1/invitations/accept", { token: invitation.token });
await call("POST", `${ws}/members/${invited}/leave`, undefined, { "Muster-On-Behalf-Of": invited });
const { id: unused } = await call("POST", `${org}/roles`, { key: "guest", name: "Guest", level: 5, permissions: [] });
await call("DELETE", `${org}/roles/${unused}`);
const soon = new Date(Date.now() + 1_000).toISOString();
await call("POST", `${ws}/members`, { user_id: user(5), role: "viewer", expires_at: soon });
const { items: expired } = await call("GET", `${org}/events?type=muster.member.expired&wait=30`);
if (expired.length === 0) throw new Error("a membership has not expired");
const { id: hook } = await call("POST", `${org}/subscriptions`, {
  name: "hook", kind: "webhook", url: "https://hooks.acme.example/muster", types: ["muster.organization.created"],
});
const subscription = `${org}/subscriptions/${hook}`;
await call("POST", `${subscription}/pause`, { reason: "maintenance" });
await call("POST", `${subscription}/resume`);
await call("POST", `${subscription}/pause`);
await call("PATCH", subscription, { name: "hooks", include: ["profile"] });
const [first] = (await call("GET", `${org}/events?type=muster.organization.created`)).items;
await call("POST", `${subscription}/rewind`, { from: "earliest" });
await call("POST", `${subscription}/skip`, { position: first.sequence, reason: "handled by hand" });
await call("POST", `${subscription}/rotate-secret`, { overlap_seconds: 60 });
await call("DELETE", subscription);
const { id: review } = await call("POST", `${org}/reviews`, { name: "Spring" });
await call("POST", `${org}/reviews/${review}/decisions`,
  { decisions: [{ workspace_id: workspace, user_id: user(3), decision: "kept" }] }, { "Muster-On-Behalf-Of": user(1) });
await call("POST", `${org}/reviews/${review}/close`, { leave_undecided: true, reason: "late" });
await call("PUT", `${org}/users/${user(6)}`, { email: "forgotten@acme.example" });
await call("POST", `${org}/users/${user(6)}/erase`);
const { items: erased } = await call("GET", `${org}/events?type=muster.user.erased&wait=30`);
if (erased.length === 0) throw new Error("a person was not erased");
await call("POST", `${ws}/archive`);
await call("POST", `${ws}/restore`);

const list = await (await fetch(`${url}/schemas`)).json();
const { items } = await call("GET", `${org}/events?page_size=200`);
const ajv = formats(new Ajv({
  strict: true,
  strictTypes: false, // some values are of a type or null
  allErrors: true,
  loadSchema: async (name) => (await fetch(name.replace("muster:/", url))).json(),
}));
const wrong = [];
async function check(name, value) {
  const valid = await ajv.compileAsync({ $ref: name });
  if (!valid(value)) wrong.push([name, value, valid.errors]);
}
for (const event of items) {
  await check(list.cloudevent.dataschema, event);
  await check(event.dataschema, event.data);
}
for (const { dataschema } of list.events) {
  const valid = await ajv.compileAsync({ $ref: dataschema });
  if (valid({ role: 7, name: 7, token: 7, profile: 7 }) && !/archived|restored|member_(suspended|reinstated)/.test(dataschema)) wrong.push([dataschema, "takes anything"]);
}
if (wrong.length > 0) {
  console.error(JSON.stringify(wrong, null, 2));
  process.exit(1);
}
const types = new Set(items.map((event) => event.type));
const missing = list.events.map(({ type }) => type).filter((type) => type && !types.has(type) && !(type in elsewhere));
if (missing.length > 0) throw new Error(`nothing here makes ${missing.join(", ")}`);
console.log(`${items.length} events of ${types.size} types are valid by the schemas that they name`);
