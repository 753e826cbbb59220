// Receives webhooks: npm run webhook.
import { createServer, type IncomingMessage } from "node:http";
import { Webhook, WebhookVerificationError } from "standardwebhooks";
import { Cursor } from "./cursor.js";
import { handle, numberOf, variable, type MusterEvent } from "./event.js";

// There are two secrets, separated by a comma, while one is rotated.
const webhooks = variable("MUSTER_WEBHOOK_SECRET").split(",").map((secret) => new Webhook(secret));
const cursor = new Cursor(process.env.CURSOR ?? "cursor-webhook");
const mostBytes = 16 * 1024 * 1024;

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    if ((size += chunk.length) > mostBytes) throw new RangeError("the body is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The verified events of a request: one, or several if the subscription has batches. */
function verified(body: Buffer, headers: IncomingMessage["headers"]): MusterEvent[] {
  let wrong: unknown;
  for (const webhook of webhooks) {
    try {
      const content = webhook.verify(body, headers as Record<string, string>);
      return (Array.isArray(content) ? content : [content]) as MusterEvent[];
    } catch (error) {
      wrong = error;
    }
  }
  throw wrong;
}

const server = createServer(async (request, response) => {
  try {
    for (const event of verified(await bodyOf(request), request.headers)) {
      if (event.sequence === undefined) {
        handle(event); // a ping
      } else if (!cursor.position || numberOf(event.sequence) > numberOf(cursor.position)) {
        // Muster repeats an event whose response it did not get. Those are skipped.
        handle(event);
        cursor.save(event.sequence);
      }
    }
    response.writeHead(204).end(); // only now does Muster go on to the next event
  } catch (error) {
    const status = error instanceof WebhookVerificationError ? 401 : error instanceof RangeError ? 413 : 500;
    console.error(status, error instanceof Error ? error.message : error);
    response.writeHead(status, { connection: "close" }).end();
  }
});
const port = Number(process.env.PORT ?? 8000);
server.listen(port, "127.0.0.1", () => console.error(`receiving at http://127.0.0.1:${(server.address() as { port: number }).port}`));
