import { describeStore } from './contract.ts';
import { openS3 } from './open-s3.ts';

describeStore('S3', () => openS3());
