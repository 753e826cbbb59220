// Follows the stream of events from a Node program: npm run stream.
import { EventSource } from "eventsource";
import { Cursor } from "./cursor.js";
import { handle, variable, type MusterEvent } from "./event.js";
import { patientFetch } from "./patient.js";

const [url, organization, token] = ["MUSTER_URL", "MUSTER_ORGANIZATION", "MUSTER_TOKEN"].map(variable) as [string, string, string];
const cursor = new Cursor(process.env.CURSOR ?? "cursor-stream");

// named=false: every event comes as "message". Add type=muster.member.* for some types only.
const query = new URLSearchParams({ named: "false", after: cursor.position ?? "earliest" });
const source = new EventSource(`${url}/v1/organizations/${organization}/events?${query}`, { fetch: patientFetch(token) });

// After a broken connection EventSource sends the last id, which goes before ?after=. It would
// take an error in here for a broken connection too, and go on *after* the event.
source.onmessage = (message) => {
  try {
    handle(JSON.parse(message.data) as MusterEvent);
    cursor.save(message.lastEventId);
  } catch (error) {
    console.error(`event ${message.lastEventId} was not handled:`, error);
    process.exit(1); // the next start begins with it
  }
};
source.onerror = (error) => {
  if (source.readyState !== source.CLOSED) return; // it connects again
  console.error(`the stream has ended: ${error.message ?? "unknown cause"}`);
  process.exit(1);
};
