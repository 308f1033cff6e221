import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import type { Target } from './target.ts';

export interface LogSearch {
  logGroupName: string;
  /** Terms in quotes, all of which a line must have. @default every line */
  filterPattern?: string;
  /** The log is searched from here. */
  since: Date;
}

/** The lines of a log group, as far as it was read. */
export interface LogEvents {
  /** Oldest first. */
  messages: string[];
  /** Why it was not read to its end. */
  unread?: string;
}

/** CloudWatch may answer many pages without a line (API_FilterLogEvents). */
const longestSearchMilliseconds = 10_000;

/**
 * Searches one log group, by FilterLogEvents: it answers at once and costs nothing for the lines that it searches,
 * unlike a query of Logs Insights
 * (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html). It reads for ten
 * seconds at most. An error does not throw: it is the reason in `unread`.
 */
export async function readLogEvents(
  target: Target,
  { logGroupName, filterPattern, since }: LogSearch,
): Promise<LogEvents> {
  const client = new CloudWatchLogsClient(target.clientConfig);
  const messages: string[] = [];
  const end = Date.now() + longestSearchMilliseconds;
  let nextToken: string | undefined;
  try {
    do {
      const page = await client.send(
        new FilterLogEventsCommand({
          logGroupName,
          startTime: since.getTime(),
          ...(filterPattern !== undefined && { filterPattern }),
          ...(nextToken !== undefined && { nextToken }),
        }),
      );
      for (const { message } of page.events ?? []) if (message !== undefined) messages.push(message);
      nextToken = page.nextToken;
    } while (nextToken !== undefined && Date.now() < end);
  } catch (error) {
    return { messages, unread: error instanceof Error ? `${error.name}: ${error.message}` : String(error) };
  } finally {
    client.destroy();
  }
  if (nextToken === undefined) return { messages };
  return { messages, unread: `the search took more than ${longestSearchMilliseconds / 1000} s` };
}
