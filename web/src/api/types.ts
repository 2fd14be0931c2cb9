import type { components } from './schema'

type Schemas = components['schemas']
export type Money = Schemas['Money']
export type Product = Schemas['Product']
export type ProductInList = Schemas['ProductInList']
export type StockStatus = Schemas['StockStatus']
export type AdminProduct = Schemas['AdminProduct']
export type AdminProductInList = Schemas['AdminProductInList']
export type Movement = Schemas['Movement']
export type Order = Schemas['Order']
export type OrderInList = Schemas['OrderInList']
export type OrderLine = Schemas['OrderLine']
export type Summary = Schemas['Summary']
export type Checkout = Schemas['Checkout']
export type SaveProduct = Schemas['SaveProduct'] & { compare_version?: number }
export type BrowserSession = Schemas['BrowserSession']
export type SessionUser = Schemas['SessionUser']
