// Lets Specmatic make requests from a document, right ones and wrong ones, and sends
// them to a service that runs. `node run.mjs DOCUMENT URL TOKEN`.
//
// Specmatic takes a request that it has made from the document for one that must
// succeed. It cannot know that a workspace is archived by then, or that an e-mail
// address is taken. So every answer is judged here, on its way back: it must be one
// that the document has, by its status, its media type and its shape, and none of
// 5xx; and a request that Specmatic has made wrong on purpose must not succeed.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const [, , path, url, token] = process.argv;
const most = Number(process.env.GENERATIVE_SECONDS ?? 150);
const doc = JSON.parse(readFileSync(path, "utf8"));
// docs/openapi/NAME.json has its seed in seed/openapi-NAME.mjs.
const name = path.replace(/^.*docs\//, "").replace(/\.json$/, "").replaceAll("/", "-");
if (!existsSync(`seed/${name}.mjs`)) throw new Error(`${path} has no seed: write .ci/contracts/generative/seed/${name}.mjs, as those beside it are`);
const { seed } = await import(`./seed/${name}.mjs`);

// What an answer must look like.
const ajv = new Ajv2020.default({ strict: false, validateFormats: true });
addFormats.default(ajv);
ajv.addSchema(doc, "document");
const validators = new Map();
function validator(pointer) {
  if (!validators.has(pointer)) {
    validators.set(pointer, ajv.compile({ $ref: `document#${pointer.map((p) => `/${encodeURIComponent(p.replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("")}` }));
  }
  return validators.get(pointer);
}

// Where the operations are.
const operations = [];
for (const [template, item] of Object.entries(doc.paths)) {
  for (const [method, operation] of Object.entries(item)) {
    const literal = template.split("/").filter((s) => !s.startsWith("{")).length;
    const pattern = new RegExp(`^${template.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{[^}]+\}/g, "[^/]+")}$`);
    const answers = new Map();
    for (const [status, answer] of Object.entries(operation.responses)) {
      const at = answer.$ref ? answer.$ref.slice(2).split("/") : ["paths", template, method, "responses", status];
      const content = at.reduce((o, p) => o[p], doc).content;
      answers.set(Number(status), Object.fromEntries(Object.keys(content ?? {}).map((media) => [media, [...at, "content", media, "schema"]])));
    }
    operations.push({ id: operation.operationId, template, method: method.toUpperCase(), pattern, literal, answers });
  }
}
operations.sort((a, b) => b.literal - a.literal);

const seen = new Map();
const wrong = new Map();
const complain = (what, about) => {
  if (!wrong.has(what)) wrong.set(what, { times: 0, about });
  wrong.get(what).times++;
};

function judge(request, sent, response, body) {
  const pathname = request.url.split("?")[0];
  const operation = operations.find((o) => o.method === request.method && o.pattern.test(pathname));
  if (!operation) return; // made wrong so that it is of no operation any more
  const { status, media } = { status: response.statusCode, media: (response.headers["content-type"] ?? "").split(";")[0] };
  const key = `${operation.id} ${status}`;
  seen.set(key, (seen.get(key) ?? 0) + 1);
  const about = () => `${request.method} ${request.url.slice(0, 300)}\n    ${JSON.stringify(request.headers).slice(0, 400)}\n    ${sent.toString().slice(0, 600)}\n    -> ${status} ${body.toString().slice(0, 600)}`;
  const answer = operation.answers.get(status);
  if (status >= 500) complain(`${key}: it has failed`, about());
  if (!answer) return complain(`${key}: not a documented status`, about());
  if (body.length === 0) {
    if (Object.keys(answer).length > 0) complain(`${key}: no body`, about());
    return;
  }
  if (!answer[media]) return complain(`${key}: as ${media}, which is not documented`, about());
  const valid = validator(answer[media]);
  const content = /[/+]json$/.test(media) ? JSON.parse(body) : body.toString();
  if (!valid(content)) complain(`${key}: ${ajv.errorsText(valid.errors, { dataVar: "" })}`, about());
  // Specmatic says in this header which status it expects.
  const expected = request.headers["specmatic-response-code"] ?? "";
  if (/^4/.test(expected) && status < 400) complain(`${key}: a wrong request has succeeded`, about());
}

const agent = new http.Agent({ keepAlive: true });
const target = new URL(url);
const proxy = http.createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const sent = Buffer.concat(parts);
    const onward = http.request({ agent, host: target.hostname, port: target.port, method: request.method, path: request.url, headers: request.headers }, (answer) => {
      const got = [];
      answer.on("data", (part) => got.push(part));
      answer.on("end", () => {
        const body = Buffer.concat(got);
        try {
          judge(request, sent, answer, body);
        } catch (error) {
          complain(`${request.method} ${request.url}: ${error}`, body.toString().slice(0, 600));
        }
        response.writeHead(answer.statusCode, answer.headers);
        response.end(body);
      });
    });
    onward.on("error", (error) => {
      complain(`the service does not answer: ${error.message}`, `${request.method} ${request.url}`);
      response.destroy();
    });
    onward.end(sent);
  });
});
await new Promise((resolve) => proxy.listen(0, "127.0.0.1", resolve));

// What Specmatic gets: the document without what it cannot deal with, or would only
// wait for.
const fit = structuredClone(doc);
for (const item of Object.values(fit.paths)) {
  for (const operation of Object.values(item)) {
    // A stream does not end.
    for (const answer of Object.values(operation.responses)) delete answer.content?.["text/event-stream"];
    // A position that is made up never comes, and each is waited for; nor does an event.
    operation.parameters = operation.parameters?.filter((p) => !/\/(Muster-Min-Position|wait)$/.test(p.$ref ?? ""));
    // It would take them for answers to requests that it has not made.
    for (const [status, answer] of Object.entries(operation.responses)) if (answer.$ref && status !== "422") delete operation.responses[status];
  }
}
// It would send characters that HTTP has no place for in a header.
const reason = fit.components.parameters?.["Muster-Reason"];
if (reason) reason.schema.pattern = "^[ -~]*$";
for (const answer of Object.values(fit.components.responses)) for (const media of Object.values(answer.content)) delete media.examples;

rmSync("work", { recursive: true, force: true });
mkdirSync("work/examples", { recursive: true });
writeFileSync("work/document.json", JSON.stringify(fit));
const { examples, token: given = token } = await seed(doc, url, token);
for (const [id, example] of Object.entries(examples)) writeFileSync(`work/examples/${id}.json`, JSON.stringify(example, null, 2));
const proxied = `http://127.0.0.1:${proxy.address().port}`;
writeFileSync("work/specmatic.yaml", `version: 2
disable_telemetry: true
contracts:
  - provides:
      - baseUrl: ${proxied}
        specs: [document.json]
examples: [examples]
test:
  resiliencyTests: { enable: all }
`);

const specmatic = spawn("java", ["-jar", "../../node_modules/specmatic/specmatic.jar", "test", `--testBaseURL=${proxied}`], {
  cwd: "work",
  stdio: ["ignore", "pipe", "pipe"],
  env: { ...process.env, token: given, SPECMATIC_DISABLE_TELEMETRY: "true", SPECMATIC_BASE_URL: proxied, MAX_TEST_REQUEST_COMBINATIONS: "1", SPECMATIC_TEST_PARALLELISM: "2" },
});
let output = "";
specmatic.stdout.on("data", (text) => (output += text));
specmatic.stderr.on("data", (text) => (output += text));
const timer = setTimeout(() => specmatic.kill(), most * 1000);
await new Promise((resolve) => specmatic.on("close", resolve));
clearTimeout(timer);
writeFileSync("work/output.txt", output);
proxy.close();
proxy.closeAllConnections();
agent.destroy();

const requests = [...seen.values()].reduce((a, b) => a + b, 0);
const asked = operations.filter((o) => [...seen.keys()].some((k) => k.startsWith(`${o.id} `)));
console.log(`${requests} requests to ${asked.length} of ${operations.length} operations; ${output.match(/Tests run:.*/)?.[0] ?? "Specmatic has not come to its end"}`);
for (const [key, times] of [...seen].sort()) console.log(`  ${key}: ${times}`);
// An example that does not fit makes Specmatic go on with ids that there are not.
for (const o of operations) {
  if (![...seen.keys()].some((k) => k.startsWith(`${o.id} 2`))) complain(`${o.id}: no request has succeeded, look at its example`, "");
}
for (const [what, { times, about }] of wrong) console.log(`\n${what} (${times} times)\n    ${about}`);
process.exit(wrong.size > 0 ? 1 : 0);
