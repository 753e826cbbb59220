// Sends what a program would send to a vendor to MUSTER_URL instead, for programs whose
// base address cannot be set: `node --import ./redirect.mjs PROGRAM`. VENDOR_URL is that
// address. Nothing else is let through.
const { MUSTER_URL, VENDOR_URL } = process.env;
const original = globalThis.fetch;

globalThis.fetch = (resource, init) => {
  const url = new URL(resource);
  if (url.origin !== VENDOR_URL) throw new Error(`this test sends nothing to ${url.origin}`);
  return original(MUSTER_URL + url.pathname + url.search, init);
};
