/** Does some work for each item, for at most `count` items at the same time. */
export async function fewAtOnce<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const waiting = [...items];
  const next = async (): Promise<void> => {
    while (waiting.length > 0) await work(waiting.shift()!);
  };
  await Promise.all(Array.from({ length: count }, next));
}
