import type { FetchLike } from "eventsource";

/** The service sends something every 15 seconds. */
const silence = 45_000;

const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

/**
 * Returns a fetch for EventSource that sends the token, and does two things that EventSource
 * does not:
 *
 * - It tries again while the service is busy or cannot be reached. EventSource gives up at
 *   every status but 200.
 * - It breaks a connection that brings nothing for 45 seconds. EventSource then makes another.
 */
export function patientFetch(token: string): FetchLike {
  return async (url, init) => {
    for (let wait = 1_000; ; wait = Math.min(wait * 2, 30_000)) {
      const silent = new AbortController();
      const timer = setTimeout(() => silent.abort(new Error("the connection has brought nothing for 45 seconds")), silence);
      let asked = 0;
      try {
        const response = await fetch(url, {
          ...init,
          signal: AbortSignal.any([init.signal, silent.signal]),
          headers: { ...init.headers, Authorization: `Bearer ${token}` },
        });
        if (response.ok && response.body) return heard(response, response.body, timer);
        clearTimeout(timer);
        if (response.status !== 429 && response.status < 500) {
          console.error(await response.text()); // a problem (RFC 9457), which says what is wrong
          return response;
        }
        asked = 1_000 * Number(response.headers.get("Retry-After")) || 0;
        await response.body?.cancel();
      } catch (error) {
        clearTimeout(timer);
        if (init.signal.aborted) throw error; // EventSource was closed
      }
      await sleep(Math.max(asked, wait * (0.5 + Math.random() / 2)));
    }
  };
}

/** The response, whose timer starts anew whenever something comes. */
function heard(response: Response, body: ReadableStream<Uint8Array>, timer: NodeJS.Timeout) {
  const { url, status, redirected, headers } = response;
  const watch = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      timer.refresh();
      controller.enqueue(chunk);
    },
    flush: () => clearTimeout(timer),
  });
  return { url, status, redirected, headers, body: body.pipeThrough(watch) };
}
