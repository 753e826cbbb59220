// Runs the examples against a running service: node test.mjs URL ROOT_TOKEN. Each example is
// killed and started again, and has to show every event. The service must be allowed to send
// webhooks to this machine, and its NATS server must listen.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createHmac, randomBytes, randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { isDeepStrictEqual } from "node:util";
import { CloudEvent } from "cloudevents";

const [url, root] = process.argv.slice(2);
const directory = mkdtempSync(join(tmpdir(), "subscribers-"));
const patience = 120_000;

async function send(method, path, body) {
  const headers = { Authorization: `Bearer ${root}`, ...(body && { "Content-Type": "application/json" }) };
  const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${method} ${path}: ${response.status}`);
  return response.json();
}

const owner = randomUUID();
const org = (await send("POST", "/v1/organizations", { name: "Acme", owner: { user_id: owner, email: "ada@example.com" } })).id;
const ws = (await send("POST", `/v1/organizations/${org}/workspaces`, { name: "Mill", owner_user_id: owner })).id;
const token = (await send("POST", `/v1/organizations/${org}/tokens`, { name: "examples", scopes: ["events:read"] })).secret;
const change = () => send("POST", `/v1/workspaces/${ws}/members`, { user_id: randomUUID(), role: "viewer" });

async function history() {
  for (let all = [], after = "earliest"; ; ) {
    const page = await send("GET", `/v1/organizations/${org}/events?page_size=200&after=${after}`);
    all = all.concat(page.items);
    if (!page.next_cursor) return all;
    after = page.next_cursor;
  }
}

const running = new Set();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  rmSync(directory, { recursive: true });
});

/** Starts an example. Whatever it prints is added to lines. */
function start(name, lines, env) {
  const program = fileURLToPath(new URL(`built/${name}.js`, import.meta.url));
  const child = spawn(process.execPath, [program], { env: { ...process.env, CURSOR: join(directory, name), ...env } });
  running.add(child);
  child.once("exit", () => running.delete(child));
  child.said = "";
  let rest = "";
  child.stdout.on("data", (text) => {
    const all = (rest + text).split("\n");
    rest = all.pop();
    lines.push(...all);
  });
  child.stderr.on("data", (text) => (child.said += text));
  return child;
}

async function until(what, child, done) {
  for (const end = Date.now() + patience; !done(); ) {
    assert.ok(Date.now() < end && child.exitCode === null, `${what} does not come; the example says: ${child.said}`);
    await new Promise((again) => setTimeout(again, 5));
  }
}

async function kill(child) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

const positions = (lines) => lines.map((line) => line.split(" ")[0]);

async function stream() {
  const lines = [];
  const cursor = join(directory, "stream");
  const env = { MUSTER_URL: url, MUSTER_ORGANIZATION: org, MUSTER_TOKEN: token };
  for (let round = 0; round < 3; round++) {
    const child = start("stream", lines, env);
    for (let i = 0; i < 10; i++) await change();
    const last = (await history()).at(-1).sequence;
    // It is shown before its position is kept.
    await until("the last event", child, () => existsSync(cursor) && readFileSync(cursor, "utf8") === last);
    await kill(child);
  }
  assert.deepEqual(positions(lines), (await history()).map((event) => event.sequence));
  const refused = start("stream", [], { ...env, MUSTER_TOKEN: token.slice(0, -1) });
  const code = await new Promise((resolve) => refused.once("exit", resolve));
  assert.ok(code === 1 && refused.said.includes("invalid_token"), `a wrong token: ${code} ${refused.said}`);
}

const secret = `whsec_${randomBytes(32).toString("base64")}`;
const former = `whsec_${randomBytes(32).toString("base64")}`;

/** Delivers the events as Muster does, and returns the status. */
async function deliver(address, events, secrets, batch) {
  const body = JSON.stringify(batch ? events : events[0]);
  const id = events.at(-1).id;
  const at = Math.floor(Date.now() / 1000);
  const sign = (one) => `v1,${createHmac("sha256", Buffer.from(one.slice(6), "base64")).update(`${id}.${at}.${body}`).digest("base64")}`;
  const response = await fetch(address, {
    method: "POST",
    body,
    headers: {
      "content-type": batch ? "application/cloudevents-batch+json" : "application/cloudevents+json",
      "webhook-id": id,
      "webhook-timestamp": `${at}`,
      "webhook-signature": secrets.map(sign).join(" "),
    },
  });
  return response.status;
}

async function webhook() {
  const lines = [];
  const events = await history();
  let child;
  const begin = async () => {
    child = start("webhook", lines, { PORT: "0", MUSTER_WEBHOOK_SECRET: `${former},${secret}` });
    await until("the address", child, () => /http:\S+/.test(child.said));
    return child.said.match(/http:\S+/)[0];
  };
  let address = await begin();
  for (let i = 0; i < events.length; i += 3) {
    const some = events.slice(i, i + 3);
    assert.equal(await deliver(address, some, [`whsec_${randomBytes(32).toString("base64")}`], true), 401);
    assert.equal(await deliver(address, some.slice(0, 1), [secret, former], false), 204);
    assert.equal(await deliver(address, some, i % 2 ? [secret] : [former], true), 204);
    if (i % 15 === 0) {
      await kill(child);
      address = await begin();
      assert.equal(await deliver(address, some, [secret], true), 204);
    }
  }
  await kill(child);
  assert.deepEqual(positions(lines), events.map((event) => event.sequence));
}

/** Makes a subscription to all events, from the beginning. */
const subscribe = (more) => send("POST", `/v1/organizations/${org}/subscriptions`, { from: "earliest", ...more });

/** The lines without those that are the same as the one before. */
const once = (lines) => lines.filter((line, i) => line !== lines[i - 1]);

/** Muster itself sends the webhooks. One receiver is killed, and the next one listens there. */
async function subscription() {
  const lines = [];
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const port = probe.address().port;
  await new Promise((resolve) => probe.close(resolve));
  const { secret } = await subscribe({ name: "webhook", kind: "webhook", url: `http://127.0.0.1:${port}/`, batch: 3 });
  const begin = () => start("webhook", lines, { PORT: `${port}`, MUSTER_WEBHOOK_SECRET: secret, CURSOR: join(directory, "subscription") });
  let child = begin();
  await until("half of the events", child, () => lines.length > 10);
  await kill(child);
  child = begin();
  await change();
  const events = await history();
  await until("the last event", child, () => positions(lines).includes(events.at(-1).sequence));
  await kill(child);
  assert.deepEqual(once(positions(lines)), events.map((event) => event.sequence));
}

async function nats() {
  const lines = [];
  const { id, connection, secret } = await subscribe({ name: "nats", kind: "nats" });
  const env = { MUSTER_NATS_CONNECTION: JSON.stringify(connection), MUSTER_NATS_PASSWORD: secret };
  let child = start("nats", lines, env);
  await until("half of the events", child, () => lines.length > 10);
  await kill(child);
  child = start("nats", lines, env);
  await change();
  const events = await history();
  // The event that the first one had when it was killed comes again after half a minute, and
  // later ones wait for it.
  await until("the last event", child, () => positions(lines).includes(events.at(-1).sequence));
  assert.deepEqual(once(positions(lines)), events.map((event) => event.sequence));
  // Muster makes the consumer again.
  await send("POST", `/v1/organizations/${org}/subscriptions/${id}/rewind`, { from: "earliest" });
  const all = (await history()).map((event) => event.sequence);
  await until("every event again", child, () => isDeepStrictEqual(once(positions(lines)).slice(-all.length), all));
  await kill(child);
}

/** Every event is one in the eyes of the CloudEvents SDK, which validates strictly. */
async function cloudEvents() {
  for (const event of await history()) assert.equal(new CloudEvent(event, true).validate(), true);
}

await stream();
await webhook();
await subscription();
await nats();
await cloudEvents();
console.log("the examples in TypeScript show every event");
