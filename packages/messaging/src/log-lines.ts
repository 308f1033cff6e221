/**
 * The lines that the consumer logs about one message. Each has the ids of the message (`log-subject.ts`),
 * `receiveCount` (how often SQS has delivered it) and `queueWaitMs` (since it was sent). All but `handling` have
 * `durationMs`, and `calls` (`calls.ts`) if there were some. `pnpm explain` finds by them where a booking is, and
 * `pnpm trace` where its time went.
 */
export const logLine = {
  /** Its handler has run for a second. Has `endsBy`: the time by which the run ends or is dead. */
  handling: 'Message is still being handled',
  /** It is handled and its events are published. Has `said`, the detail-types. */
  handled: 'handled',
  /** Has `error`, and `nextTryAt` if the pause could be set. */
  failed: 'Message failed and will be delivered again',
  /** As `failed`, but what the message needs is only late. */
  tooEarly: 'Message came too early and will be delivered again',
  /** It waits for something outside, as a new message. Has `error`, `waitedSeconds` and `nextTryAt`. */
  postponed: 'Message waits, and will be handled again later',
  /** It is a dead letter now. Has `reason` and `error`. */
  buried: 'Message can never be handled; put into the dead-letter queue',
} as const;
