import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { contractOf, readSchemaFiles, type Contract } from '@airline/events-schemas/compatibility/contract';
import { findField } from '@airline/events-schemas/compatibility/find-field';
import { workspaceRoot } from '../cli/workspace.ts';

/** An event as EventBridge delivers it. */
export interface GoldenEvent {
  'detail-type': string;
  source: string;
  time: string;
  detail: { data: Record<string, unknown>; metadata: Record<string, unknown> };
}

/** The golden example of every event. An event with a `reason` is repeated with each reason of its schema. */
export function goldenEvents(contract: Contract = contractOf(readSchemaFiles())): GoldenEvent[] {
  const examples = path.join(workspaceRoot, 'events-schemas', 'examples');
  return readdirSync(examples).flatMap((file) => {
    const event = contract.get(path.basename(file, '.json'))!;
    const detail = JSON.parse(readFileSync(path.join(examples, file), 'utf8')) as GoldenEvent['detail'];
    const reasons = findField(event.schema, 'data.reason')?.schema.enum as string[] | undefined;
    const details = reasons?.map((reason) => ({ ...detail, data: { ...detail.data, reason } })) ?? [detail];
    return details.map((each) => ({
      'detail-type': event.detailType,
      source: event.source,
      time: '2026-12-01T09:30:00Z',
      detail: each,
    }));
  });
}
