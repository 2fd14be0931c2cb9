package dynamostore

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"
)

const (
	// scanSegments are the parts of a large table that are scanned at once: each has a page of 1 MB in memory.
	scanSegments = 8
	// maxBatch is how many keys BatchGetItem takes.
	maxBatch = 100
)

// scan reads a table in segments at once. Each page goes to prepare, which may read more, and what that returns is
// called for one page at a time. from is when the page's read began.
func scan(
	ctx context.Context, client *dynamodb.Client, in dynamodb.ScanInput,
	prepare func(ctx context.Context, items []attributes, from time.Time) (func(), error),
) error {
	var one sync.Mutex
	reads, ctx := errgroup.WithContext(ctx)
	for segment := range scanSegments {
		part := in
		part.Segment, part.TotalSegments = aws.Int32(int32(segment)), aws.Int32(scanSegments)
		reads.Go(func() error {
			for pages := dynamodb.NewScanPaginator(client, &part); pages.HasMorePages(); {
				from := time.Now()
				page, err := pages.NextPage(ctx)
				if err != nil {
					return failed("scanning "+*part.TableName, err)
				}
				visit, err := prepare(ctx, page.Items, from)
				if err != nil {
					return err
				}
				one.Lock()
				visit()
				one.Unlock()
			}
			return nil
		})
	}
	return reads.Wait()
}
