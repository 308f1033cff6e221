/** An error response of an AWS service. Each protocol (JSON, query) formats it in its own way. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  /** The error's name in the service's API, such as `ResourceNotFoundException`. */
  readonly code: string;
  readonly statusCode: number;
  /** The error's code in the older query protocol. SQS has other codes there for some errors. */
  readonly queryCode: string;

  constructor(code: string, message: string, statusCode = 400, queryCode = code) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.queryCode = queryCode;
  }
}

/** The error for an operation that this service of the local cloud does not support. */
export function unknownOperation(service: string, action: string, known: Iterable<string>): AwsError {
  return new AwsError(
    'UnknownOperationException',
    `The local cloud's ${service} has no operation ${action}; it has ${[...known].sort().join(', ')}.`,
  );
}
