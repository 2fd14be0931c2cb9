package storeapi

import "shop/internal/httpapi"

// Lambda makes a handler a Lambda function that answers errors as the store does.
func Lambda(front httpapi.Front, h httpapi.Handler) httpapi.Function {
	return httpapi.Lambda(front, Describe, h)
}
