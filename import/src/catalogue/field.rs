//! The fields of a project: their stable ids and types.
//!
//! Ids and types are code, because the rules, the store and the platform profile rest on them; labels, aliases, ranges and
//! lists are data (`fields.csv`) that a deployment may override.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::codes::CodeList;

/// One field of a project, in the order of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[expect(missing_docs, reason = "the label and the meaning of each field stand in fields.csv")]
pub enum Field {
    RegistryCode,
    ProjectNo,
    Name,
    Category,
    RecordKind,
    Use,
    OwnerUnit,
    OwnerUscc,
    County,
    Township,
    Address,
    Longitude,
    Latitude,
    StructureType,
    FloorsAbove,
    FloorsBelow,
    HeightM,
    FloorAreaM2,
    ScaleValue,
    ScaleUnit,
    BuiltDate,
    Intensity,
    AccelerationG,
    DesignGroup,
    SiteClass,
    CharacteristicPeriodS,
    FortificationClass,
    OriginalIntensity,
    AppraisalUnit,
    AppraisalReportNo,
    AppraisalDate,
    SevereHazard,
    NeedsRetrofit,
    ServiceLifeYears,
    RetrofitMethods,
    Isolation,
    Stage,
    ProgressPercent,
    StartDate,
    PlannedCompletionDate,
    CompletionDate,
    AcceptanceDate,
    InvestmentPlanned,
    FundCentral,
    FundProvincial,
    FundMunicipal,
    FundCounty,
    FundOther,
    InvestmentDone,
    DesignUnit,
    ConstructionUnit,
    SupervisionUnit,
    Reporter,
    Phone,
    Remarks,
}

/// How the cells of a field are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// Text of at most so many characters.
    Text(u16),
    /// One code of a list.
    Code(CodeList),
    /// Several codes of a list.
    Codes(CodeList),
    /// A unified social credit code (GB 32100-2015).
    Uscc,
    /// A county or city-run zone.
    County,
    /// A township, kept as its nine-digit code.
    Township,
    /// A decimal number with at most so many decimals.
    Decimal(u8),
    /// A whole number.
    Integer,
    /// A percentage from 0 to 100.
    Percent,
    /// A month or a year; a full date is kept as its month.
    Month,
    /// A date, a month or a year.
    Date,
    /// Yes or no.
    YesNo,
    /// A Chinese mobile or land-line number.
    Phone,
}

impl Field {
    /// How many fields there are.
    pub const COUNT: usize = Self::ALL.len();

    /// Every field, in the order of the catalogue.
    pub const ALL: &'static [Self] = &[
        Self::RegistryCode,
        Self::ProjectNo,
        Self::Name,
        Self::Category,
        Self::RecordKind,
        Self::Use,
        Self::OwnerUnit,
        Self::OwnerUscc,
        Self::County,
        Self::Township,
        Self::Address,
        Self::Longitude,
        Self::Latitude,
        Self::StructureType,
        Self::FloorsAbove,
        Self::FloorsBelow,
        Self::HeightM,
        Self::FloorAreaM2,
        Self::ScaleValue,
        Self::ScaleUnit,
        Self::BuiltDate,
        Self::Intensity,
        Self::AccelerationG,
        Self::DesignGroup,
        Self::SiteClass,
        Self::CharacteristicPeriodS,
        Self::FortificationClass,
        Self::OriginalIntensity,
        Self::AppraisalUnit,
        Self::AppraisalReportNo,
        Self::AppraisalDate,
        Self::SevereHazard,
        Self::NeedsRetrofit,
        Self::ServiceLifeYears,
        Self::RetrofitMethods,
        Self::Isolation,
        Self::Stage,
        Self::ProgressPercent,
        Self::StartDate,
        Self::PlannedCompletionDate,
        Self::CompletionDate,
        Self::AcceptanceDate,
        Self::InvestmentPlanned,
        Self::FundCentral,
        Self::FundProvincial,
        Self::FundMunicipal,
        Self::FundCounty,
        Self::FundOther,
        Self::InvestmentDone,
        Self::DesignUnit,
        Self::ConstructionUnit,
        Self::SupervisionUnit,
        Self::Reporter,
        Self::Phone,
        Self::Remarks,
    ];

    /// The stable id, as in `fields.csv` and in JSON.
    pub const fn id(self) -> &'static str {
        match self {
            Self::RegistryCode => "registry_code",
            Self::ProjectNo => "project_no",
            Self::Name => "name",
            Self::Category => "category",
            Self::RecordKind => "record_kind",
            Self::Use => "use",
            Self::OwnerUnit => "owner_unit",
            Self::OwnerUscc => "owner_uscc",
            Self::County => "county",
            Self::Township => "township",
            Self::Address => "address",
            Self::Longitude => "longitude",
            Self::Latitude => "latitude",
            Self::StructureType => "structure_type",
            Self::FloorsAbove => "floors_above",
            Self::FloorsBelow => "floors_below",
            Self::HeightM => "height_m",
            Self::FloorAreaM2 => "floor_area_m2",
            Self::ScaleValue => "scale_value",
            Self::ScaleUnit => "scale_unit",
            Self::BuiltDate => "built_date",
            Self::Intensity => "intensity",
            Self::AccelerationG => "acceleration_g",
            Self::DesignGroup => "design_group",
            Self::SiteClass => "site_class",
            Self::CharacteristicPeriodS => "characteristic_period_s",
            Self::FortificationClass => "fortification_class",
            Self::OriginalIntensity => "original_intensity",
            Self::AppraisalUnit => "appraisal_unit",
            Self::AppraisalReportNo => "appraisal_report_no",
            Self::AppraisalDate => "appraisal_date",
            Self::SevereHazard => "severe_hazard",
            Self::NeedsRetrofit => "needs_retrofit",
            Self::ServiceLifeYears => "service_life_years",
            Self::RetrofitMethods => "retrofit_methods",
            Self::Isolation => "isolation",
            Self::Stage => "stage",
            Self::ProgressPercent => "progress_percent",
            Self::StartDate => "start_date",
            Self::PlannedCompletionDate => "planned_completion_date",
            Self::CompletionDate => "completion_date",
            Self::AcceptanceDate => "acceptance_date",
            Self::InvestmentPlanned => "investment_planned",
            Self::FundCentral => "fund_central",
            Self::FundProvincial => "fund_provincial",
            Self::FundMunicipal => "fund_municipal",
            Self::FundCounty => "fund_county",
            Self::FundOther => "fund_other",
            Self::InvestmentDone => "investment_done",
            Self::DesignUnit => "design_unit",
            Self::ConstructionUnit => "construction_unit",
            Self::SupervisionUnit => "supervision_unit",
            Self::Reporter => "reporter",
            Self::Phone => "phone",
            Self::Remarks => "remarks",
        }
    }

    /// The field with this id.
    pub fn from_id(id: &str) -> Option<Self> {
        static BY_ID: LazyLock<HashMap<&str, Field>> =
            LazyLock::new(|| Field::ALL.iter().map(|field| (field.id(), *field)).collect());
        BY_ID.get(id).copied()
    }

    /// The place of the field in the catalogue, from 0.
    pub const fn index(self) -> usize {
        self as usize
    }

    /// How its cells are read.
    pub const fn field_type(self) -> FieldType {
        match self {
            Self::RegistryCode | Self::Reporter => FieldType::Text(20),
            Self::ProjectNo => FieldType::Text(40),
            Self::Name => FieldType::Text(120),
            Self::Category => FieldType::Code(CodeList::Category),
            Self::RecordKind => FieldType::Code(CodeList::RecordKind),
            Self::Use => FieldType::Code(CodeList::Use),
            Self::OwnerUnit
            | Self::AppraisalUnit
            | Self::DesignUnit
            | Self::ConstructionUnit
            | Self::SupervisionUnit => FieldType::Text(80),
            Self::OwnerUscc => FieldType::Uscc,
            Self::County => FieldType::County,
            Self::Township => FieldType::Township,
            Self::Address => FieldType::Text(160),
            Self::Longitude | Self::Latitude => FieldType::Decimal(6),
            Self::StructureType => FieldType::Code(CodeList::StructureType),
            Self::FloorsAbove | Self::FloorsBelow | Self::ServiceLifeYears => FieldType::Integer,
            Self::HeightM | Self::FloorAreaM2 | Self::ScaleValue | Self::CharacteristicPeriodS => FieldType::Decimal(2),
            Self::ScaleUnit => FieldType::Code(CodeList::ScaleUnit),
            Self::BuiltDate => FieldType::Month,
            Self::Intensity | Self::OriginalIntensity => FieldType::Code(CodeList::Intensity),
            Self::AccelerationG => FieldType::Code(CodeList::Acceleration),
            Self::DesignGroup => FieldType::Code(CodeList::DesignGroup),
            Self::SiteClass => FieldType::Code(CodeList::SiteClass),
            Self::FortificationClass => FieldType::Code(CodeList::FortificationClass),
            Self::AppraisalReportNo => FieldType::Text(60),
            Self::AppraisalDate
            | Self::StartDate
            | Self::PlannedCompletionDate
            | Self::CompletionDate
            | Self::AcceptanceDate => FieldType::Date,
            Self::SevereHazard | Self::NeedsRetrofit | Self::Isolation => FieldType::YesNo,
            Self::RetrofitMethods => FieldType::Codes(CodeList::RetrofitMethod),
            Self::Stage => FieldType::Code(CodeList::Stage),
            Self::ProgressPercent => FieldType::Percent,
            Self::InvestmentPlanned
            | Self::FundCentral
            | Self::FundProvincial
            | Self::FundMunicipal
            | Self::FundCounty
            | Self::FundOther
            | Self::InvestmentDone => FieldType::Decimal(4),
            Self::Phone => FieldType::Phone,
            Self::Remarks => FieldType::Text(500),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Id;
        impl de::Visitor<'_> for Id {
            type Value = Field;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the id of a field")
            }

            fn visit_str<E: de::Error>(self, id: &str) -> Result<Field, E> {
                Field::from_id(id).ok_or_else(|| E::custom(format!("no field `{id}`")))
            }
        }
        deserializer.deserialize_str(Id)
    }
}
