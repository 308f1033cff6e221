/** The account and the region that every ARN of the local cloud names. */
export const ACCOUNT_ID = '000000000000';
export const REGION = 'us-east-1';
