/** A refusal in AWS's own words, on its way to an AWS client, from which each protocol's error is written. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /** The error's name in the service's API, such as `ResourceNotFoundException`. */
  readonly code: string;
  readonly statusCode: number;
  /** The code of the older query protocol, where SQS has another name for the same error. */
  readonly queryCode: string;

  constructor(code: string, message: string, statusCode = 400, queryCode = code) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.queryCode = queryCode;
  }
}

/** Thrown for an operation that this service of the local cloud does not have. */
export function unknownOperation(service: string, action: string, known: Iterable<string>): AwsError {
  return new AwsError(
    'UnknownOperationException',
    `The local cloud's ${service} has no operation ${action}; it has ${[...known].sort().join(', ')}.`,
  );
}
