package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"shop/cmd/shop/internal/rotation"
	"shop/internal/jwks"
	"shop/internal/kmssign"
	"shop/internal/token"
)

// The parameters of the stack that say which key signs and whether there is another, and their values.
const (
	signedBy         = "TokensSignedBy"
	firstKey         = "SigningKey"
	secondKey        = "SecondSigningKey"
	standbyKey       = "StandbyKey"
	standbyPublished = "published"
	standbyAbsent    = "absent"
)

// The functions whose change shows since when keys are published, and since when one signs: refresh-session signs, too,
// and changes in the same update of the stack.
const (
	publisher = "PublishKeysFunction"
	signer    = "LogInFunction"
)

// Waiting for the stack to be updated.
const (
	updatePoll    = time.Second // at first; the waiter doubles it
	updatePollMax = 15 * time.Second
	updateMost    = 30 * time.Minute
)

// issuerTimeout bounds one reading of the key set. An operator waits longer than a function does: after an update the
// issuer is a new process that asks KMS first.
const issuerTimeout = 15 * time.Second

// keySetOf returns the keys that the issuer at url publishes, none of them read yet.
func keySetOf(url string) *jwks.Keys {
	keys := jwks.Of(url)
	keys.Client.Timeout = issuerTimeout
	return keys
}

// signingKeys are the keys of a deployed store, and what can be known of them: when KMS made them, whether the issuer
// publishes them, and when CloudFormation last changed the functions that publish and sign. The last is an upper bound:
// if a function was changed for another reason, a step waits longer than it must.
type signingKeys struct {
	deployment
	stacks *cloudformation.Client
	kms    *kms.Client
	issuer *jwks.Keys
}

// findKeys finds the keys of the target's stack.
func findKeys(ctx context.Context, t *target) (*signingKeys, error) {
	d, err := t.find(ctx)
	if err != nil {
		return nil, err
	}
	if d.params[signedBy] == "" || d.params[standbyKey] == "" {
		return nil, fmt.Errorf("the stack %s has no parameters %s and %s: "+
			"is it the store's, and not of an earlier version?", d.stack, signedBy, standbyKey)
	}
	url, err := d.output("IssuerUrl")
	if err != nil {
		return nil, err
	}
	return &signingKeys{
		deployment: d,
		stacks:     cloudformation.NewFromConfig(d.aws),
		kms:        kms.NewFromConfig(d.aws),
		issuer:     keySetOf(url),
	}, nil
}

// state tells where the rotation stands.
func (k *signingKeys) state(ctx context.Context) (rotation.State, error) {
	var s rotation.State
	arn, err := k.output("SigningKeyArn")
	if err != nil {
		return s, err
	}
	if s.Signing, err = k.key(ctx, arn, k.params[signedBy]); err != nil {
		return s, err
	}
	if k.params[standbyKey] == standbyPublished {
		standby, err := k.standby(ctx)
		if err != nil {
			return s, err
		}
		s.Standby = &standby
	}
	if s.PublishedSince, err = k.changed(ctx, publisher); err != nil {
		return s, err
	}
	s.SignedSince, err = k.changed(ctx, signer)
	return s, err
}

func (k *signingKeys) standby(ctx context.Context) (rotation.Key, error) {
	arn, err := k.output("StandbyKeyArn")
	if err != nil {
		return rotation.Key{}, err
	}
	return k.key(ctx, arn, k.other())
}

// key asks KMS and the issuer about a key. Of a new store's two keys, made together, the second is to sign next. The id
// of a disabled key in tokens is unknown: KMS does not return its public half.
func (k *signingKeys) key(ctx context.Context, arn, logicalID string) (rotation.Key, error) {
	described, err := k.kms.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
	if err != nil {
		return rotation.Key{}, fmt.Errorf("asking KMS about %s: %w", arn, err)
	}
	about := described.KeyMetadata
	key := rotation.Key{ID: arn, CreatedAt: aws.ToTime(about.CreationDate), Enabled: about.Enabled}
	if logicalID == secondKey {
		key.Order = 1
	}
	if !key.Enabled {
		return key, nil
	}
	public, err := (&kmssign.Key{Client: k.kms, ID: arn}).PublicKey(ctx)
	if err != nil {
		return key, fmt.Errorf("%s: %w", arn, err)
	}
	key.TokenID = token.Thumbprint(public)
	key.Published, err = k.published(ctx, key.TokenID)
	return key, err
}

func (k *signingKeys) published(ctx context.Context, id string) (bool, error) {
	_, err := k.issuer.PublicKey(ctx, id)
	if errors.Is(err, token.ErrUnknownKey) {
		return false, nil
	}
	return err == nil, err
}

// changed tells when a resource of the stack was made or last changed.
func (k *signingKeys) changed(ctx context.Context, resource string) (time.Time, error) {
	out, err := k.stacks.DescribeStackResource(ctx, &cloudformation.DescribeStackResourceInput{
		StackName: &k.stack, LogicalResourceId: &resource,
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("asking CloudFormation about %s: %w", resource, err)
	}
	return aws.ToTime(out.StackResourceDetail.LastUpdatedTimestamp), nil
}

// take takes a step, and returns when the stack is as it says.
func (k *signingKeys) take(ctx context.Context, action rotation.Action) error {
	switch action {
	case rotation.Switch:
		return k.update(ctx, signedBy, k.other())
	case rotation.Replace:
		if err := k.update(ctx, standbyKey, standbyAbsent); err != nil {
			return err
		}
	}
	return k.update(ctx, standbyKey, standbyPublished)
}

// other returns the logical id of the key that does not sign.
func (k *signingKeys) other() string {
	if k.params[signedBy] == firstKey {
		return secondKey
	}
	return firstKey
}

// update sets one parameter of the stack and leaves all else as it is deployed.
func (k *signingKeys) update(ctx context.Context, parameter, value string) error {
	_, err := k.stacks.UpdateStack(ctx, &cloudformation.UpdateStackInput{
		StackName: &k.stack, UsePreviousTemplate: aws.Bool(true), Parameters: k.parametersWith(parameter, value),
		Capabilities: []types.Capability{types.CapabilityCapabilityIam, types.CapabilityCapabilityAutoExpand},
	})
	if err == nil {
		waiter := cloudformation.NewStackUpdateCompleteWaiter(k.stacks, setPolling)
		err = waiter.Wait(ctx, &cloudformation.DescribeStacksInput{StackName: &k.stack}, updateMost)
	}
	if err != nil {
		return fmt.Errorf("updating the stack %s with %s=%s: %w", k.stack, parameter, value, err)
	}
	k.issuer = keySetOf(k.outputs["IssuerUrl"]) // what was read before is not true any more
	return k.describe(ctx)
}

func setPolling(o *cloudformation.StackUpdateCompleteWaiterOptions) {
	o.MinDelay, o.MaxDelay = updatePoll, updatePollMax
}

func (k *signingKeys) parametersWith(parameter, value string) []types.Parameter {
	var all []types.Parameter
	for _, name := range slices.Sorted(maps.Keys(k.params)) {
		if name == parameter {
			all = append(all, types.Parameter{ParameterKey: &name, ParameterValue: &value})
			continue
		}
		all = append(all, types.Parameter{ParameterKey: &name, UsePreviousValue: aws.Bool(true)})
	}
	return all
}
