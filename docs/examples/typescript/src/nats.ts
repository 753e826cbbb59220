// Reads the events of a subscription of the kind "nats": npm run nats. Muster has made the
// consumer, and the credentials can fetch and acknowledge its messages and nothing else.
import { jetstream } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { handle, variable, type MusterEvent } from "./event.js";

/** "connection" in Muster's response to the request that made the subscription. */
interface Connection {
  stream: string;
  consumer: string;
  inbox_prefix: string;
  user: string;
  urls: string[];
}
const connection = JSON.parse(variable("MUSTER_NATS_CONNECTION")) as Connection;

const nats = await connect({
  servers: connection.urls,
  user: connection.user,
  pass: variable("MUSTER_NATS_PASSWORD"), // "secret" in that response
  inboxPrefix: connection.inbox_prefix, // answers may come nowhere else
  maxReconnectAttempts: -1,
  waitOnFirstConnect: true,
});
process.once("SIGINT", () => void nats.close());
process.once("SIGTERM", () => void nats.close());

const consumer = await jetstream(nats).consumers.get(connection.stream, connection.consumer);
while (!nats.isClosed()) {
  try {
    // One at a time and in order. An event that a client had when it died comes again after
    // half a minute, and no later one comes before it. So it can be the same one again, never
    // an older one, until the subscription is rewound.
    //
    // When it is rewound or has other types, Muster makes the consumer again, with the same
    // name. Each call of next asks for it by its name, so nothing needs to be done about that.
    const message = await consumer.next({ expires: 30_000 });
    if (!message) continue; // nothing happened
    const event = message.json<MusterEvent>();
    handle(event);
    await message.ackAck(); // and does not come again
  } catch (error) {
    if (nats.isClosed()) break;
    // What was not acknowledged comes again.
    console.error(error instanceof Error ? error.message : error);
    await new Promise((again) => setTimeout(again, 1_000));
  }
}
