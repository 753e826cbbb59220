// instantly-cli against the Instantly dialect. Its base address is a constant, so what it
// sends is redirected.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seed } from "./seed.mjs";

const program = createRequire(import.meta.url).resolve("instantly-cli/dist/index.js");
const redirect = new URL("redirect.mjs", import.meta.url).href;

export async function instantly(url, root) {
  const { members, owner, workspace, token, add } = await seed(url, root);
  const home = await mkdtemp(join(tmpdir(), "instantly-"));
  try {
    // run runs `instantly workspace-members ARGUMENTS` with a token, where it finds no
    // configuration of anybody's own.
    const run = (key, ...args) =>
      new Promise((resolve) => {
        const env = { PATH: process.env.PATH, HOME: home, MUSTER_URL: url, VENDOR_URL: "https://api.instantly.ai", INSTANTLY_API_KEY: key };
        const options = { env, cwd: home, timeout: 20_000, killSignal: "SIGKILL" };
        execFile(process.execPath, ["--import", redirect, program, "workspace-members", ...args], options, (error, stdout, stderr) =>
          resolve({ status: error ? error.code : 0, stdout, stderr }));
      });
    const done = async (...args) => {
      const { status, stdout, stderr } = await run(...args);
      assert.equal(status, 0, `${args.slice(1)}: ${stderr}`);
      assert.equal(stderr, "");
      return JSON.parse(stdout);
    };
    // refused demands an error as the program reports it.
    const refused = async (code, message, ...args) => {
      const { status, stdout, stderr } = await run(...args);
      assert.equal(status, 1, `${args.slice(1)}: ${stdout}${stderr}`);
      const error = JSON.parse(stderr);
      assert.equal(error.code, code, stderr);
      assert.match(error.error, message);
      assert.equal(stdout, "");
    };

    // The life of a member.
    const all = await token("workspace_members:all");
    const known = await add({ user_id: randomUUID(), email: "ada@acme.example", name: { first: "Ada", last: "Lovelace" }, role: "editor" });
    const unknown = await add({ user_id: randomUUID() });
    const created = await done(all, "create", "--email", "new@acme.example", "--role", "view");
    assert.deepEqual([created.email, created.role, created.accepted, created.workspace_id], ["new@acme.example", "view", false, workspace.id]);
    assert.deepEqual(await done(all, "get", created.id), created);
    const listed = await done(all, "list");
    assert.deepEqual(listed.items.map((m) => m.user_id), [owner, known.user_id, unknown.user_id, created.user_id]);
    assert.deepEqual(listed.items.at(-1), created);
    assert.deepEqual(listed.items[1].name, { first: "Ada", last: "Lovelace" });
    const changed = await done(all, "update", created.id, "--role", "admin");
    assert.deepEqual(changed, { ...created, role: "admin" });
    assert.deepEqual(await done(all, "delete", created.id), changed);
    assert.equal((await done(all, "list")).items.length, 3);

    // Errors.
    await refused("NOT_FOUND", /^Resource not found$/, all, "get", created.id);
    await refused("NOT_FOUND", /^Resource not found$/, all, "delete", created.id);
    await refused("NOT_FOUND", /^Resource not found$/, all, "update", randomUUID(), "--role", "admin");
    await refused("AUTH_ERROR", /./, "nonsense", "list");
    const reader = await token("workspace_members:read");
    await refused("AUTH_ERROR", /workspace_members:update/, reader, "update", known.id, "--role", "admin");
    await refused("AUTH_ERROR", /workspace/, await token("all:all", {}), "list");
    for (const role of ["owner", "member"]) {
      await refused("API_ERROR", /role/, all, "create", "--email", "other@acme.example", "--role", role);
      await refused("API_ERROR", /role/, all, "update", known.id, "--role", role);
    }
    await refused("API_ERROR", /e-?mail/, all, "create", "--email", "nobody", "--role", "view");
    await refused("API_ERROR", /id/, all, "get", "not-an-id");
    await refused("API_ERROR", /member/, all, "create", "--email", "ada@acme.example", "--role", "view");
    const { items } = await done(all, "list");
    await refused("API_ERROR", /owner/, all, "delete", items[0].id);
  } finally {
    await rm(home, { recursive: true });
  }
}
