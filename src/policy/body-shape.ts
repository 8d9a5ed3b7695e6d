/** What a route says of its body, compiled. */

/** The type of a declared body field. */
export type FieldType = 'any' | 'text' | 'texts' | 'bool' | 'number' | 'id' | 'ids' | 'object' | 'objects'

/** The type of a field of a form. Empty means absent, but for `text`. */
export type FormType = 'text' | 'bool' | 'number' | 'id'

/** How the body is taken. `stream`: passes unread. `json`, `form` and `multipart`: read whole, judged, bounded. */
export type BodyShape =
  | { readonly kind: 'none' }
  | { readonly kind: 'stream'; readonly types: readonly string[] | 'any' }
  | {
      readonly kind: 'json'
      /** Absent means any field, judged ones aside. */
      readonly fields: ReadonlyMap<string, FieldType> | undefined
      readonly strip: ReadonlySet<string>
      /** How many elements an array may have at most. */
      readonly most: ReadonlyMap<string, number>
      readonly optional: boolean
      readonly maxBytes: number
      /** The same JSON may come as a part of a multipart body, beside files. */
      readonly parted: Parted | undefined
    }
  | {
      /** `application/x-www-form-urlencoded`; every field once. */
      readonly kind: 'form'
      readonly fields: ReadonlyMap<string, FormType>
      readonly optional: boolean
      readonly maxBytes: number
    }
  | MultipartShape

export interface MultipartShape {
  readonly kind: 'multipart'
  /** Part name → what it holds. A part that is not named here is refused. */
  readonly parts: ReadonlyMap<string, PartShape>
  readonly maxBytes: number
}

export interface Parted {
  /** The part that holds the JSON. */
  readonly json: string
  readonly shape: MultipartShape
}

export type PartShape =
  | {
      readonly kind: 'json'
      readonly fields: ReadonlyMap<string, FieldType> | undefined
      readonly strip?: ReadonlySet<string>
      readonly most?: ReadonlyMap<string, number>
    }
  | { readonly kind: 'file' }
  | { readonly kind: 'text' }
