import { setTimeout as sleep } from 'node:timers/promises';
import {
  CancelReplayCommand,
  type DescribeReplayCommandOutput,
  DescribeReplayCommand,
  IllegalStatusException,
  StartReplayCommand,
} from '@aws-sdk/client-eventbridge';
import type { Target } from '../airline/target.ts';
import type { Plan } from './plan-replay.ts';

const under = new Set(['STARTING', 'RUNNING', 'CANCELLING']);

/** @returns the replay's name */
export async function startReplay(target: Target, { busArn, archive, from, to, rules }: Plan): Promise<string> {
  const name = `${target.airline}-${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
  await target.eventBridge.send(
    new StartReplayCommand({
      ReplayName: name,
      EventSourceArn: archive.arn,
      EventStartTime: from,
      EventEndTime: to,
      Destination: { Arn: busArn, FilterArns: rules.map(({ arn }) => arn) },
    }),
  );
  return name;
}

/** One that is over already cannot be cancelled any more, and need not be. */
export async function cancelReplay(target: Target, name: string): Promise<void> {
  await target.eventBridge.send(new CancelReplayCommand({ ReplayName: name })).catch((error: unknown) => {
    if (!(error instanceof IllegalStatusException)) throw error;
  });
}

export interface Following {
  /** Asks for an end. */
  signal: AbortSignal;
  onCancel: () => Promise<void>;
  /** Told the time of the event that was brought last. */
  onProgress: (last: Date) => void;
}

/** Looks at a replay until it is over. @returns how it ended */
export async function followReplay(
  target: Target,
  name: string,
  following: Following,
): Promise<DescribeReplayCommandOutput> {
  const { signal, onCancel, onProgress } = following;
  const pauseMilliseconds = target.endpoint === undefined ? 2000 : 100;
  for (let cancelled = false; ;) {
    const replay = await target.eventBridge.send(new DescribeReplayCommand({ ReplayName: name }));
    if (replay.EventLastReplayedTime) onProgress(replay.EventLastReplayedTime);
    if (!under.has(replay.State!)) return replay;
    if (signal.aborted && !cancelled) {
      cancelled = true;
      await onCancel();
    }
    await sleep(pauseMilliseconds, undefined, cancelled ? undefined : { signal }).catch(() => undefined);
  }
}
