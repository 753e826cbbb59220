/** A CloudEvent with the attributes that Muster gives to it. docs/events.md explains them. */
export interface MusterEvent {
  specversion: "1.0";
  id: string;
  source: string;
  type: string;
  subject?: string;
  time: string;
  /** The position. A ping is in no log and has none. */
  sequence?: string;
  organizationid?: string;
  workspaceid?: string;
  userid?: string;
  data?: unknown;
}

/** The number in a position: within an organization it only ascends. */
export function numberOf(position: string): number {
  return Number(position.slice(position.indexOf("-") + 1));
}

/** The value of a variable of the environment, which must be set. */
export function variable(name: string): string {
  const value = process.env[name];
  if (!value) {
    console.error(`set ${name}`);
    process.exit(2);
  }
  return value;
}

/** Your work. Here it prints a line. If it throws, the event comes again. */
export function handle(event: MusterEvent): void {
  console.log(event.sequence ?? "ping", event.time, event.type, event.subject ?? "");
}
