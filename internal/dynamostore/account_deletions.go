package dynamostore

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"shop/internal/user"
)

// AccountDeletions implements [user.AccountDeletions]. The table holds only deletions under way, and nothing of a
// person but the user id.
type AccountDeletions struct {
	Client           *dynamodb.Client
	AccountDeletions string
}

// Unfinished implements [user.AccountDeletions.Unfinished]. It reads one page: 1 MB, some ten thousand deletions.
func (s *AccountDeletions) Unfinished(ctx context.Context) ([]user.AccountDeletion, error) {
	out, err := s.Client.Scan(ctx, &dynamodb.ScanInput{TableName: &s.AccountDeletions})
	if err != nil {
		return nil, failed("reading account deletions", err)
	}
	var deletions []user.AccountDeletion
	r := reader{}
	for _, r.item = range out.Items {
		deletions = append(deletions,
			user.AccountDeletion{UserID: r.text("user_id"), DeletedAt: r.instant("deleted_at")})
	}
	return deletions, r.err
}

// Finish implements [user.AccountDeletions.Finish].
func (s *AccountDeletions) Finish(ctx context.Context, userID string) error {
	_, err := s.Client.DeleteItem(ctx, &dynamodb.DeleteItemInput{
		TableName: &s.AccountDeletions, Key: attributes{"user_id": text(userID)},
	})
	if err != nil {
		return failed("finishing an account deletion", err)
	}
	return nil
}
