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

const unfinished: ReadonlySet<string> = new Set(['STARTING', 'RUNNING', 'CANCELLING']);

/** A name for a new replay. An operator's role may use those that begin with the airline's name and a full stop. */
export function newReplayName({ airline }: Pick<Target, 'airline'>): string {
  // infra/src/operator-roles.ts
  return `${airline}.${new Date().toISOString().replaceAll(/[:.]/g, '-')}`;
}

export async function startReplay(
  target: Target,
  { busArn, archive, from, to, rules }: Plan,
  name: string,
): Promise<void> {
  await target.eventBridge.send(
    new StartReplayCommand({
      ReplayName: name,
      EventSourceArn: archive.arn,
      EventStartTime: from,
      EventEndTime: to,
      Destination: { Arn: busArn, FilterArns: rules.map(({ arn }) => arn) },
    }),
  );
}

/** Cancels a replay. Does nothing when it has ended already. */
export async function cancelReplay(target: Target, name: string): Promise<void> {
  await target.eventBridge.send(new CancelReplayCommand({ ReplayName: name })).catch((error: unknown) => {
    if (!(error instanceof IllegalStatusException)) throw error;
  });
}

export interface Following {
  /** Cancels the replay. */
  signal: AbortSignal;
  onCancel: () => Promise<void>;
  /** Gets the time of the event that was delivered last. */
  onProgress: (last: Date) => void;
}

/** Polls a replay until it has ended. @returns its last description */
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
    if (!unfinished.has(replay.State!)) return replay;
    if (signal.aborted && !cancelled) {
      cancelled = true;
      await onCancel();
    }
    await sleep(pauseMilliseconds, undefined, cancelled ? undefined : { signal }).catch(() => undefined);
  }
}
