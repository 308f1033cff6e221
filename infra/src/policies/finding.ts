/** A problem in a stack. Its author must fix it, or justify it with `justify()` (justify.ts). */
export interface Finding {
  /** The kind of problem and its subject, e.g. `wildcard-action kms:*`. A justification has the same id. */
  id: string;
  stack: string;
  logicalId: string;
  /** The path of the resource's construct, e.g. `airline-seats/Consumer/Queue/Resource`. */
  path: string;
  /** What is wrong: a clause without a full stop. */
  problem: string;
  /** What to do about it: a clause without a full stop. */
  remedy: string;
}

/** The reason why a finding is acceptable, for one construct and the constructs inside it. */
export interface Justification {
  id: string;
  path: string;
  why: string;
}

/**
 * Returns the findings that have no justification. A justification that matches no finding, or is not a sentence, is
 * returned as a finding too. An unused justification would silently cover a later problem with the same id.
 */
export function unresolvedFindings(findings: readonly Finding[], justifications: readonly Justification[]): Finding[] {
  const covers = (justification: Justification, finding: Finding): boolean =>
    justification.id === finding.id && `${finding.path}/`.startsWith(`${justification.path}/`);
  const unjustified = findings.filter((finding) => !justifications.some((each) => covers(each, finding)));
  const unused = justifications.filter((each) => !findings.some((finding) => covers(each, finding)));
  const tooShort = justifications.filter(({ why }) => why.trim().split(/\s+/).length < minimumWords);
  return [
    ...unjustified,
    ...unused.map((justification) => ({
      ...locationOf(justification),
      id: `unused-justification ${justification.id}`,
      problem: `there is a justification of ${justification.id}, but no such finding`,
      remedy: 'remove the justification, or copy the id from the finding',
    })),
    ...tooShort.map((justification) => ({
      ...locationOf(justification),
      id: `wordless-justification ${justification.id}`,
      problem: `the justification of ${justification.id} is ${JSON.stringify(justification.why)}`,
      remedy: `write a sentence that gives the reason (${minimumWords} words or more)`,
    })),
  ];
}

/** The message for a person: the resource, the problem, the remedy and the finding's id. */
export function formatFinding({ id, stack, logicalId, path, problem, remedy }: Finding): string {
  const resource = logicalId === '' ? path : `${logicalId} (${path})`;
  return `stack ${stack}: ${resource}: ${problem}.\n  To do: ${remedy}.\n  Finding: ${id}`;
}

const minimumWords = 5;

function locationOf({ path }: Justification): Pick<Finding, 'stack' | 'logicalId' | 'path'> {
  return { stack: path.split('/')[0]!, logicalId: '', path };
}
