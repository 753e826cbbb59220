// Follows the stream of events from a page. A browser's EventSource cannot send a token, so
// your own backend gets a ticket for it, with its token:
//
//   POST /v1/organizations/{organization}/events/ticket   →   {"ticket": "…", "expires_at": "…"}
//
// A ticket can be used once, within a minute. The service must allow the origin of the page
// with --cors-origin.
import type { MusterEvent } from "./event.js";

/**
 * Calls heard for each event after the position, until the returned function is called.
 *
 * @param events  address of the organization's events, .../v1/organizations/{organization}/events
 * @param ticket  asks your backend for a ticket
 * @param after   a position, or "latest" for what happens from now on
 */
export function follow(events: string, ticket: () => Promise<string>, heard: (event: MusterEvent) => void, after: string): () => void {
  let source: EventSource | undefined;
  let stopped = false;
  let wait = 1_000;
  const again = () => {
    source?.close(); // it would come again with the ticket that has been used
    if (stopped) return;
    setTimeout(() => void connect(), wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, 30_000);
  };
  const connect = async () => {
    try {
      const query = new URLSearchParams({ ticket: await ticket(), named: "false", after });
      if (stopped) return;
      source = new EventSource(`${events}?${query}`);
    } catch {
      return again(); // your backend has no ticket at the moment
    }
    source.onopen = () => (wait = 1_000);
    source.onmessage = (message) => {
      after = message.lastEventId;
      heard(JSON.parse(message.data) as MusterEvent);
    };
    source.onerror = again;
  };
  void connect();
  return () => {
    stopped = true;
    source?.close();
  };
}
