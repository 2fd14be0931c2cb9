package e2e

import "shop/test/storeclient"

// The shapes of the HTTP contract, by the names that these tests have for them.
type (
	money         = storeclient.Money
	user          storeclient.User
	refreshToken  storeclient.RefreshToken
	signUp        storeclient.SignUp
	logIn         storeclient.LogIn
	product       = storeclient.Product
	listedProduct = storeclient.ListedProduct
	adminProduct  = storeclient.AdminProduct
	saveProduct   = storeclient.SaveProduct
	line          = storeclient.Line
	checkout      storeclient.Checkout
	orderLine     = storeclient.OrderLine
	order         = storeclient.Order
	setStock      storeclient.SetStock
	adjustStock   storeclient.AdjustStock
	stock         storeclient.Stock
	movement      = storeclient.Movement
	setStatus     = storeclient.SetStatus
	statusChange  = storeclient.StatusChange
	daySales      = storeclient.DaySales
	productSales  = storeclient.ProductSales
	summary       = storeclient.Summary
	problem       = storeclient.Problem
	refusedLine   = storeclient.RefusedLine
	page[T any]   = storeclient.Page[T]
)

// session is a log-in or a refresh, and what follows from it.
type session storeclient.Session

const currency = storeclient.Currency

func pounds(minor int64) money { return storeclient.Pounds(minor) }
